// SPDX-License-Identifier: MIT
#include "core/api/weighted_texts.h"

#include "core/api/prompt_weights.h"
#include "core/data/text_ids.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

bool is_blank(const std::string& text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// The text less one of its runs.
std::string text_without(const std::vector<WeightedText>& runs, std::size_t left_out)
{
    std::string text;
    for (std::size_t i = 0; i < runs.size(); ++i)
        text += i == left_out ? " " : runs[i].text;
    return text;
}

/// A prompt's ids, the weight of each, and the texts that each of its weighted parts is compared with.
struct Reading {
    std::vector<std::int64_t> ids;
    std::vector<float> weights;
    std::vector<std::pair<double, std::string>> without; ///< weight - 1, and the text without the part
};

Reading reading_of(const LoadedPipeline& model, const std::vector<WeightedText>& runs)
{
    const auto frame = model.parts.clip->text_frame();
    const auto length = model.text_length();
    Reading reading;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto ids = model.parts.tokenizer->encode(runs[i].text);
        reading.ids.insert(reading.ids.end(), ids.begin(), ids.end());
        reading.weights.resize(reading.ids.size(), static_cast<float>(runs[i].weight));
        auto rest = text_without(runs, i);
        if (runs[i].weight != 1 && !is_blank(runs[i].text) && !is_blank(rest))
            reading.without.emplace_back(runs[i].weight - 1, std::move(rest));
    }
    const auto room = std::min(reading.ids.size(), room_for_text(frame, length));
    reading.ids.resize(room);
    reading.weights.resize(room);
    if (frame.start) {
        reading.ids.insert(reading.ids.begin(), *frame.start);
        reading.weights.insert(reading.weights.begin(), 1);
    }
    if (frame.end)
        reading.ids.push_back(*frame.end);
    reading.ids.resize(length, 0);
    reading.weights.resize(length, 1);
    return reading;
}

/// (n, d) encodings of one text, a row an id as far as CLIP reads it.
Tensor weighted_encodings(const Tensor& encodings, const std::vector<float>& weights)
{
    const auto before = encodings.square().mean().sqrt();
    const auto factors = torch::ones({ encodings.size(0) }, encodings.options());
    const auto count = std::min<std::int64_t>(encodings.size(0), static_cast<std::int64_t>(weights.size()));
    factors.slice(0, 0, count).copy_(torch::tensor(weights).slice(0, 0, count));
    const auto weighted = encodings * factors.unsqueeze(1);
    return weighted * (before / weighted.square().mean().sqrt().clamp_min(1e-12));
}

/// Changes row `row` of what was made of all prompts.
void put_weights(const LoadedPipeline& model, const Reading& reading, std::int64_t row, EmbeddedText& all)
{
    const auto embed = all.text_embed[row];
    auto moved = embed.clone();
    for (const auto& [share, rest] : reading.without) {
        const auto without
            = model.parts.clip->embed_text(model.ids_of(std::vector<std::string>{ rest })).text_embed[0];
        moved += share * (embed - without);
    }
    all.text_embed[row].copy_(moved * (embed.norm() / moved.norm().clamp_min(1e-12)));
    if (all.text_encodings.defined())
        all.text_encodings[row].copy_(weighted_encodings(all.text_encodings[row], reading.weights));
}

} // namespace

EmbeddedText embed_weighted(const LoadedPipeline& model, const std::vector<std::string>& prompts)
{
    torch::NoGradGuard no_grad;
    std::vector<std::vector<WeightedText>> runs;
    std::vector<Tensor> rows;
    std::vector<Reading> readings;
    const auto is_plain = [](const auto& parts) {
        return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.weight == 1; });
    };
    for (const auto& prompt : prompts) {
        runs.push_back(read_weights(prompt));
        readings.push_back(is_plain(runs.back()) ? Reading{ model.ids_of(without_weights(prompt)), {}, {} }
                                                 : reading_of(model, runs.back()));
        rows.push_back(torch::tensor(readings.back().ids));
    }
    auto all = model.parts.clip->embed_text(torch::stack(rows).to(model.device));
    for (std::size_t i = 0; i < prompts.size(); ++i)
        if (!readings[i].weights.empty())
            put_weights(model, readings[i], static_cast<std::int64_t>(i), all);
    return all;
}

} // namespace reverie
