// SPDX-License-Identifier: MIT
#include "core/train/training_config.h"

#include "core/base/data_folders.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/io/options_json.h"

#include <algorithm>
#include <set>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json parse_file(const fs::path& path)
{
    try {
        auto object = json::parse(read_file(path));
        if (object.is_object())
            return object;
    } catch (const json::exception&) {
    }
    throw UsageError(path.string() + " is not a JSON object; correct it or choose another file.");
}

json preset(const std::string& name)
{
    for (const auto& folder : data_folders())
        if (const auto path = folder / "presets" / (name + ".json"); fs::exists(path))
            return parse_file(path);
    std::string known;
    for (const auto& preset : preset_names())
        known += (known.empty() ? "" : ", ") + preset;
    throw UsageError("There is no preset \"" + name + "\"; there are: " + known + ".");
}

template <Options T>
std::set<std::string> field_names()
{
    std::set<std::string> names;
    T options;
    T::visit(options, [&](const char* name, auto&) { names.insert(name); });
    return names;
}

/// A dotted path into nested objects and lists: "model.decoder.unets.0.dim".
void assign(json& target, const std::string& path, const json& value)
{
    const auto dot = path.find('.');
    const auto key = path.substr(0, dot);
    json* child = nullptr;
    if (target.is_array()) {
        const bool number
            = !key.empty() && key.size() < 4 && key.find_first_not_of("0123456789") == std::string::npos;
        if (!number || std::stoul(key) >= target.size())
            throw UsageError("The list has no entry \"" + key + "\" to set; it has "
                             + std::to_string(target.size()) + ", counted from 0.");
        child = &target[std::stoul(key)];
    } else {
        if (!target.is_object())
            target = json::object();
        child = &target[key];
    }
    if (dot == std::string::npos)
        *child = value;
    else
        assign(*child, path.substr(dot + 1), value);
}

/// "key=value" laid over `config`; a key of the parts without a part means all of them.
void apply_setting(json& config, const std::string& setting)
{
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
        throw UsageError("\"" + setting + "\" is no setting; write it as key=value.");
    const auto key = setting.substr(0, equals), text = setting.substr(equals + 1);
    auto value = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded())
        value = text;
    const bool of_parts = field_names<PartOptions>().contains(key);
    if (!of_parts && key.find('.') == std::string::npos && !field_names<TrainingConfig>().contains(key))
        throw UsageError("There is no option " + key + "; check its spelling.");
    if (!of_parts)
        assign(config, key, value);
    for (const char* part : { "clip", "prior", "vqgan", "decoder" })
        if (of_parts)
            assign(config, std::string(part) + "." + key, value);
}

/// Writes what a layer says of "decoder" into each of its unets, so that a later layer's word for all of them
/// goes before an earlier one's for one of them.
json spread_decoder(json layer, std::size_t unets)
{
    const auto shared = layer.value("decoder", json::object());
    layer.erase("decoder");
    for (std::size_t i = 1; i <= unets; ++i) {
        auto& own = layer["unet" + std::to_string(i)];
        auto merged = shared;
        merged.merge_patch(own.is_null() ? json::object() : own);
        own = merged;
    }
    return layer;
}

std::vector<json> layers(const TrainRequest& request, const json* base)
{
    std::vector<json> layers;
    if (base) {
        layers.push_back(*base);
    } else if (request.resume) {
        if (!fs::exists(request.run / "run.json"))
            throw UsageError(request.run.string() + " holds no run; give the folder of one.");
        layers.push_back(parse_file(request.run / "run.json").value("config", json::object()));
    }
    if (!request.preset.empty())
        layers.push_back(preset(request.preset));
    if (!request.config.empty())
        layers.push_back(parse_file(request.config));
    return layers;
}

/// The settings come last, but a list they reach into must be there: they are applied to the merged "model".
json merge(std::vector<json> layers, const std::vector<std::string>& settings)
{
    json model = json::object(), top = json::object();
    for (auto& layer : layers) {
        model.merge_patch(layer.value("model", json::object()));
        layer.erase("model");
    }
    json last{ { "model", model } };
    for (const auto& setting : settings)
        apply_setting(last, setting);
    model = last["model"];
    last.erase("model");
    layers.push_back(last);

    const auto decoder = model.value("decoder", json::object());
    const auto unets = decoder.is_object() ? decoder.value("unets", json::array()).size() : 0;
    for (auto& layer : layers)
        top.merge_patch(spread_decoder(std::move(layer), unets));
    top["model"] = model;
    return top;
}

} // namespace

void check_part(const PartOptions& options, const std::string& part)
{
    const auto require = [&](bool holds, const std::string& what) {
        if (!holds)
            throw UsageError("The option " + part + "." + what + ".");
    };
    const auto one_of = [](const std::string& value, std::initializer_list<const char*> values) {
        return std::find(values.begin(), values.end(), value) != values.end();
    };
    require(options.steps > 0, "steps must be at least 1");
    require(options.batch > 0, "batch must be at least 1");
    require(options.shards > 0 && options.batch % options.shards == 0, "shards must divide batch");
    require(options.shards == 1 || part != "clip", "shards must be 1, because it compares a whole batch");
    require(options.max_batch_size >= 0, "max_batch_size must be at least 0");
    require(options.max_batch_size == 0 || part != "clip",
            "max_batch_size must be 0, because it compares a whole batch");
    require(options.shards == 1 || part != "vqgan",
            "shards must be 1, because its codebook learns piece by piece");
    require(one_of(options.precision, { "f32", "bf16", "f16" }), "precision must be f32, bf16 or f16");
    require(options.lr > 0 && options.lr < 10, "lr must be above 0 and below 10");
    require(options.min_lr >= 0 && options.min_lr <= options.lr, "min_lr must lie between 0 and lr");
    require(options.warmup_steps >= 0, "warmup_steps must be at least 0");
    require(one_of(options.schedule, { "constant", "cosine", "linear", "step" }),
            "schedule must be constant, cosine, linear or step");
    require(options.decay_steps >= 0, "decay_steps must be at least 0");
    require(options.schedule != "step" || options.decay_steps > 0,
            "schedule falls in steps; say by decay_steps how many lie between two falls");
    require(options.step_factor > 0 && options.step_factor <= 1, "step_factor must be above 0 and at most 1");
    require(options.wd >= 0, "wd must be at least 0");
    require(options.beta1 >= 0 && options.beta1 < 1, "beta1 must be from 0 up to below 1");
    require(options.beta2 >= 0 && options.beta2 < 1, "beta2 must be from 0 up to below 1");
    require(options.eps > 0, "eps must be above 0");
    require(options.max_grad_norm >= 0, "max_grad_norm must be at least 0");
    require(options.ema_update_every > 0, "ema_update_every must be at least 1");
    require(options.ema_beta >= 0 && options.ema_beta < 1, "ema_beta must be from 0 up to below 1");
    require(options.ema_min_value >= 0 && options.ema_min_value < 1,
            "ema_min_value must be from 0 up to below 1");
    require(options.ema_inv_gamma > 0, "ema_inv_gamma must be above 0");
    require(options.ema_update_after_step >= 0, "ema_update_after_step must be at least 0");
    require(options.patience >= 0, "patience must be at least 0");
}

void check_config(const TrainingConfig& config)
{
    if (config.data.empty())
        throw UsageError("There is nothing to train on; name a data set with --data.");
    if (config.report_every < 1 || config.checkpoint_every < 1 || config.sample_every < 0)
        throw UsageError(
            "report_every and checkpoint_every must be at least 1, and sample_every at least 0.");
    if (config.validate_every < 0 || config.validate_rows < 0)
        throw UsageError("The options validate_every and validate_rows must be at least 0.");
    if (!(config.captions.share >= 0 && config.captions.share <= 1)
        || (config.captions.share > 0 && config.captions.templates.empty()))
        throw UsageError("The option captions.share must lie between 0 and 1, and needs captions.templates.");
    for (const auto& sentence : config.captions.templates)
        if (sentence.find("{}") == std::string::npos)
            throw UsageError("The caption template \"" + sentence
                             + "\" has no {} for the caption to stand in.");
    check_part(config.clip, "clip");
    check_part(config.prior, "prior");
    if (config.model.vqgan)
        check_part(config.vqgan, "vqgan");
    if (config.vqgan.discr_after < 0 || config.vqgan.discr_lr < 0 || config.vqgan.grad_penalty_every < 0)
        throw UsageError(
            "The options vqgan.discr_after, vqgan.discr_lr and vqgan.grad_penalty_every must be at least 0.");
    for (std::size_t i = 0; i < config.unets.size(); ++i)
        check_part(config.unets[i], "unet" + std::to_string(i + 1));
}

TrainingConfig resolve_config(const TrainRequest& request, const json* base)
{
    auto object = merge(layers(request, base), request.set);
    if (!request.data.empty())
        object["data"] = request.data;
    auto model = object["model"];
    object.erase("model");
    std::vector<UnetPartOptions> unets;
    for (std::string key = "unet1"; object.contains(key); key = "unet" + std::to_string(unets.size() + 1)) {
        unets.push_back(options_from_json<UnetPartOptions>(object[key], key));
        object.erase(key);
    }
    auto config = options_from_json<TrainingConfig>(object, "config");
    config.unets = std::move(unets);
    if (model.contains("clip") && !model["clip"].contains("kind")
        && !model["clip"].contains("num_text_tokens"))
        model["clip"]["num_text_tokens"] = config.tokenizer.vocab_size;
    config.model = pipeline_config_from_json(model);
    if (!request.dtype.empty()) {
        config.clip.precision = config.prior.precision = request.dtype;
        for (auto& unet : config.unets)
            unet.precision = request.dtype;
    }
    check_config(config);
    return config;
}

json to_json(const TrainingConfig& config)
{
    auto object = options_to_json(config);
    for (std::size_t i = 0; i < config.unets.size(); ++i)
        object["unet" + std::to_string(i + 1)] = options_to_json(config.unets[i]);
    object["model"] = to_json(config.model);
    return object;
}

std::vector<std::string> preset_names()
{
    std::set<std::string> names;
    for (const auto& folder : data_folders()) {
        std::error_code error;
        for (fs::directory_iterator it(folder / "presets", error), end; !error && it != end;
             it.increment(error))
            if (it->path().extension() == ".json")
                names.insert(it->path().stem());
    }
    return { names.begin(), names.end() };
}

} // namespace reverie
