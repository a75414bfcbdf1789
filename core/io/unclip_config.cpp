// SPDX-License-Identifier: MIT
#include "core/io/unclip_config.h"

#include "core/base/error.h"
#include "core/io/tensor_shapes.h"
#include "core/io/weights_summary.h"

namespace reverie {

namespace {

using nlohmann::json;

/// Options that are null are those that nobody set.
json without_nulls(json options)
{
    for (auto it = options.begin(); it != options.end();)
        it = it->is_null() ? options.erase(it) : std::next(it);
    return options;
}

json taken(json& options, const char* key)
{
    auto value = options.contains(key) ? options[key] : json();
    options.erase(key);
    return value;
}

json network_of(const TensorShapes& shapes)
{
    const std::string transformer = "net.causal_transformer.", layer = transformer + "layers.0.";
    const auto dim = shapes.size("net.learned_query", 0);
    const auto dim_head = shapes.size(layer + "0.null_kv", 1);
    const bool discrete = shapes.has("net.to_time_embeds.0.weight");
    json net = { { "dim", dim },
                 { "depth", shapes.count(transformer + "layers.", ".0.norm.g") },
                 { "dim_head", dim_head },
                 { "heads", shapes.size(layer + "0.to_q.weight", 0) / dim_head },
                 { "ff_mult", shapes.size(layer + "1.5.weight", 1) / dim },
                 { "norm_in", shapes.has(transformer + "init_norm.g") },
                 { "norm_out", shapes.has(transformer + "norm.g") },
                 { "final_proj", shapes.has(transformer + "project_out.weight") },
                 { "normformer", shapes.has(layer + "1.3.g") },
                 { "rotary_emb", shapes.has(layer + "0.rotary_emb.freqs") } };
    if (discrete)
        net["num_timesteps"] = shapes.size("net.to_time_embeds.0.weight", 0);
    net["num_time_embeds"]
        = shapes.size(discrete ? "net.to_time_embeds.0.weight" : "net.to_time_embeds.0.1.net.2.weight",
                      discrete ? 1 : 0)
        / dim;
    if (shapes.has("net.null_text_encodings"))
        net["max_text_len"] = shapes.size("net.null_text_encodings", 1);
    if (shapes.has("net.to_text_embeds.0.weight"))
        net["num_text_embeds"] = shapes.size("net.to_text_embeds.0.weight", 0) / dim;
    if (shapes.has("net.to_image_embeds.0.weight"))
        net["num_image_embeds"] = shapes.size("net.to_image_embeds.0.weight", 0) / dim;
    return net;
}

} // namespace

UnclipConfig prior_config(const WeightsFile& file, const StoredTensors& tensors)
{
    const TensorShapes shapes(tensors, file.path.string());
    UnclipConfig config;
    auto given = given_config(file, "prior");
    config.given = given.is_object();
    config.options = config.given ? without_nulls(std::move(given)) : json::object();
    config.clip = taken(config.options, "clip");
    auto net = taken(config.options, "net");
    net = net.is_object() && !net.contains("opaque") ? without_nulls(std::move(net)) : json::object();
    const auto shown = network_of(shapes);
    for (const auto& [key, value] : shown.items())
        if (!net.contains(key))
            net[key] = value;
    if (!config.options.contains("timesteps") && shapes.has("noise_scheduler.betas"))
        config.options["timesteps"] = shapes.size("noise_scheduler.betas", 0);
    config.options["net"] = std::move(net);
    return config;
}

UnclipConfig decoder_config(const WeightsFile& file)
{
    auto given = given_config(file, "decoder");
    if (!given.is_object())
        throw Error(file.path.string() + " does not say how its decoder is built; put its JSON beside it, as "
                    + file.path.stem().string() + ".json.");
    UnclipConfig config;
    config.given = true;
    config.options = without_nulls(std::move(given));
    config.clip = taken(config.options, "clip");
    auto unets = taken(config.options, "unets");
    if (auto unet = taken(config.options, "unet"); !unet.is_null()) // what Decoder's constructor calls them
        unets = std::move(unet);
    if (unets.is_object())
        unets = json::array({ unets });
    if (!unets.is_array() || unets.empty())
        throw Error(file.path.string()
                    + " has a configuration of a decoder without U-Nets; put its JSON beside it.");
    for (auto& unet : unets) {
        if (!unet.is_object() || unet.contains("opaque"))
            throw Error(file.path.string()
                        + " holds its U-Nets' options as Python objects, which are not opened; put its JSON "
                          "beside it.");
        unet = without_nulls(std::move(unet));
    }
    config.options["unets"] = std::move(unets);
    return config;
}

} // namespace reverie
