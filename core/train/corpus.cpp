// SPDX-License-Identifier: MIT
#include "core/train/corpus.h"

#include "core/base/error.h"
#include "core/data/text_ids.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>

namespace reverie {

Corpus::Corpus(const Dataset& dataset, const Tokenizer& tokenizer, const Clip& clip,
               const CaptionOptions& options, at::Device device)
    : dataset(dataset)
    , tokenizer(tokenizer)
    , frame(clip.text_frame())
    , options(options)
    , device(device)
{
    const auto text_length = clip.max_text_len();
    std::vector<std::int64_t> all;
    for (const auto& caption : dataset.captions()) {
        const auto padded = text_ids(tokenizer, frame, caption, std::size_t(text_length));
        all.insert(all.end(), padded.begin(), padded.end());
    }
    ids = torch::tensor(all, torch::kLong).reshape({ -1, text_length }).to(device);
}

at::Tensor Corpus::captions(const Rows& rows, Noise& noise) const
{
    if (!captions_vary())
        return take(ids, rows);
    const auto batch = static_cast<std::int64_t>(rows.size());
    const auto coin = noise.uniform({ batch });
    const auto which = noise.integers(static_cast<std::int64_t>(options.templates.size()), batch);
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < batch; ++i) {
        auto text = dataset.captions()[std::size_t(rows[std::size_t(i)])];
        if (coin[i].item<float>() < options.share) {
            auto sentence = options.templates[std::size_t(which[i].item<std::int64_t>())];
            text = sentence.replace(sentence.find("{}"), 2, text);
        }
        const auto padded = text_ids(tokenizer, frame, text, std::size_t(ids.size(1)));
        all.insert(all.end(), padded.begin(), padded.end());
    }
    return torch::tensor(all, torch::kLong).reshape({ batch, -1 }).to(device);
}

at::Tensor Corpus::pictures(const Rows& rows) const
{
    return dataset.pictures(rows).to(device).to(torch::kFloat) / 255;
}

at::Tensor Corpus::training_pictures(const Rows& rows) const
{
    Rows places;
    for (const auto row : rows)
        if (const auto found = std::find(batch.rows.begin(), batch.rows.end(), row);
            found != batch.rows.end())
            places.push_back(found - batch.rows.begin());
    if (places.size() < rows.size() || !batch.pictures.defined())
        return pictures(rows);
    return take(batch.pictures, places).to(device).to(torch::kFloat) / 255;
}

at::Tensor Corpus::take(const at::Tensor& table, const Rows& rows) const
{
    return table.index_select(0, torch::tensor(rows, torch::kLong).to(table.device()));
}

void Corpus::embed(Clip& clip, bool given)
{
    const torch::NoGradGuard no_grad;
    const bool images_given = given && dataset.has_image_embeds();
    const bool texts_given = given && dataset.has_text_embeds();
    constexpr std::int64_t batch = 256;
    std::vector<at::Tensor> texts, encodings, images;
    const auto count = static_cast<std::int64_t>(dataset.captions().size());
    for (std::int64_t begin = 0; begin < count; begin += batch) {
        Rows rows(std::size_t(std::min(batch, count - begin)));
        std::iota(rows.begin(), rows.end(), begin);
        const auto text = clip.embed_text(take(ids, rows));
        texts.push_back(texts_given ? dataset.text_embeds(rows).to(device) : text.text_embed);
        encodings.push_back(text.text_encodings);
        images.push_back(images_given ? dataset.image_embeds(rows).to(device)
                                      : clip.embed_image(pictures(rows)).image_embed);
        for (const auto& table : { texts.back(), images.back() })
            if (table.size(1) != text.text_embed.size(1))
                throw Error("The data set's embeddings have " + std::to_string(table.size(1))
                            + " numbers and the model's CLIP makes " + std::to_string(text.text_embed.size(1))
                            + "; give the model with the CLIP they were made by.");
    }
    text_embed = torch::cat(texts);
    text_encodings = torch::cat(encodings);
    image_embed = torch::cat(images);
}

void Corpus::forget_embeddings()
{
    text_embed = text_encodings = image_embed = prior_embed = at::Tensor();
}

void Corpus::to(at::Device other)
{
    device = other;
    for (auto* table : { &ids, &text_embed, &text_encodings, &image_embed, &prior_embed })
        if (table->defined())
            *table = table->to(other);
}

} // namespace reverie
