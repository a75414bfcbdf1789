// SPDX-License-Identifier: MIT
#include "core/api/option_listing.h"

#include "core/base/error.h"
#include "core/train/option_notes.h"
#include "core/train/training_config.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace reverie {

namespace {

using nlohmann::json;

/// A configuration of the same parts in which nothing is said.
json defaults_like(const TrainingConfig& config)
{
    TrainingConfig defaults;
    defaults.unets.resize(config.unets.size());
    if (config.model.clip)
        defaults.model.clip
            = std::visit([](const auto& clip) -> ClipOptions { return std::decay_t<decltype(clip)>(); },
                         *config.model.clip);
    if (config.model.prior)
        defaults.model.prior = DiffusionPriorOptions();
    if (config.model.net)
        defaults.model.net = PriorNetworkOptions();
    if (config.model.decoder)
        defaults.model.decoder = DecoderOptions();
    if (config.model.vqgan)
        defaults.model.vqgan = VQGanVAEOptions();
    defaults.model.unets.resize(config.model.unets.size());
    return to_json(defaults);
}

/// What stands behind a dotted key; null where there is nothing.
json at(const json& tree, const std::string& key)
{
    const json* node = &tree;
    std::istringstream words(key);
    for (std::string word; std::getline(words, word, '.');) {
        if (node->is_array() && std::stoul(word) < node->size())
            node = &(*node)[std::stoul(word)];
        else if (node->is_object() && node->contains(word))
            node = &(*node)[word];
        else
            return nullptr;
    }
    return *node;
}

/// Objects are gone into, and lists of networks; other lists are values.
void collect_keys(const json& node, const std::string& key, std::vector<std::string>& keys)
{
    const bool networks = node.is_array() && key.ends_with(".unets");
    if (!networks && (!node.is_object() || node.empty())) {
        keys.push_back(key);
        return;
    }
    for (const auto& [name, value] : node.items())
        collect_keys(value, key.empty() ? name : key + "." + name, keys);
}

/// What a request with less in it resolves to; null if it does not by itself.
json resolved(TrainRequest request, bool with_config)
{
    request.set.clear();
    request.dtype.clear();
    if (!with_config)
        request.config.clear();
    try {
        return to_json(resolve_config(request));
    } catch (const UsageError&) {
        return nullptr;
    }
}

int place(const std::string& key)
{
    const auto part = key.substr(0, key.find('.'));
    if (part == "model")
        return 100;
    if (part.starts_with("unet"))
        return 10 + std::stoi("0" + part.substr(4));
    return part == "prior" || part == "vqgan" ? 9
        : part == "clip"                      ? 8
        : part == "tokenizer"                 ? 7
        : part == "captions"                  ? 6
                                              : 0;
}

} // namespace

std::vector<TrainingOption> listed_training_options(const TrainRequest& request)
{
    const auto config = resolve_config(request);
    const auto all = to_json(config), defaults = defaults_like(config);
    const auto from_preset = resolved(request, false), from_files = resolved(request, true);
    std::vector<std::string> keys;
    collect_keys(all, {}, keys);
    std::stable_sort(keys.begin(), keys.end(),
                     [](const auto& a, const auto& b) { return place(a) < place(b); });
    std::vector<TrainingOption> options;
    for (const auto& key : keys) {
        const auto value = at(all, key);
        TrainingOption option{ key, value.dump(), at(defaults, key).dump() };
        if (const auto* note = option_note(key)) {
            option.meaning = note->meaning;
            option.source = note->source;
        }
        if (value != at(from_files, key) || (key == "data" && !request.data.empty()))
            option.source = "this request";
        else if (value != at(from_preset, key))
            option.source = request.config.filename().string();
        else if (value != at(defaults, key))
            option.source = request.preset.empty() ? "the other options" : "the preset " + request.preset;
        options.push_back(std::move(option));
    }
    return options;
}

} // namespace reverie
