// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"

#include "core/base/data_folders.h"
#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/io/safetensors_header.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// JSON out of the file's metadata; `fallback` if the key is absent.
json metadata_json(const SafetensorsHeader& header, const std::string& key, json fallback)
{
    const auto found = header.metadata.find(key);
    return found == header.metadata.end() ? std::move(fallback) : json::parse(found->second);
}

std::string metadata_text(const SafetensorsHeader& header, const std::string& key)
{
    const auto found = header.metadata.find(key);
    return found == header.metadata.end() ? std::string() : found->second;
}

const json& part(const json& object, const char* key)
{
    static const json none = json::object();
    const auto found = object.find(key);
    return found == object.end() || !found->is_object() ? none : *found;
}

std::int64_t elements(const TensorEntry& tensor)
{
    return static_cast<std::int64_t>((tensor.end - tensor.begin) / dtype_bytes(tensor.dtype));
}

/// Parameters below a prefix such as "clip.". A module that several parents share counts once for each.
std::int64_t parameters_below(const SafetensorsHeader& header, const std::string& prefix)
{
    std::int64_t sum = 0;
    for (auto it = header.tensors.lower_bound(prefix);
         it != header.tensors.end() && it->first.starts_with(prefix); ++it)
        sum += elements(it->second);
    return sum;
}

std::string main_dtype(const SafetensorsHeader& header)
{
    std::map<std::string, std::int64_t> counts;
    for (const auto& [name, tensor] : header.tensors)
        counts[tensor.dtype] += elements(tensor);
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string dtype = most == counts.end() ? std::string() : most->first;
    std::transform(dtype.begin(), dtype.end(), dtype.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return dtype;
}

int positive(const json& value, const char* what)
{
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > 1'000'000)
        throw std::invalid_argument(what);
    return value.get<int>();
}

/// Entry `i` of an option that is one value for every stage or a list with one for each.
json per_stage(const json& value, std::size_t i)
{
    if (!value.is_array())
        return value;
    return i < value.size() ? value[i] : json();
}

void fill_schedule(StageInfo& stage, const json& timesteps, const json& sample_timesteps,
                   const json& default_steps)
{
    constexpr int reference_timesteps = 1000;
    stage.max_steps = timesteps.is_null() ? reference_timesteps : positive(timesteps, "timesteps");
    const json& steps = default_steps.is_null() ? sample_timesteps : default_steps;
    stage.default_steps
        = steps.is_null() ? stage.max_steps : std::min(positive(steps, "steps"), stage.max_steps);
}

/// Guidance wants networks that were trained with and without their condition.
bool drops(const json& options, const char* key, double fallback)
{
    const auto both = options.find("cond_drop_prob");
    const auto own = options.find(key);
    if (own != options.end() && own->is_number())
        return own->get<double>() > 0;
    return (both != options.end() && both->is_number() ? both->get<double>() : fallback) > 0;
}

void describe_clip(ModelInfo& info, const json& clip)
{
    constexpr int reference_latent = 512, reference_text = 256, openai_text = 77;
    const auto kind = clip.value("kind", std::string("x_clip"));
    const bool x_clip = kind == "x_clip";
    const json& text = kind == "open_clip" ? part(clip, "text_cfg") : clip;
    const char* const embed_dim = x_clip ? "dim_latent" : "embed_dim";
    const char* const context = x_clip ? "text_seq_len" : "context_length";
    info.embed_dim = positive(clip.value(embed_dim, json(reference_latent)), embed_dim);
    info.context_length = positive(text.value(context, json(x_clip ? reference_text : openai_text)), context);
}

void describe_prior(ModelInfo& info, const json& prior, const json& sampling, const SafetensorsHeader& header)
{
    fill_schedule(info.prior, prior.value("timesteps", json()), prior.value("sample_timesteps", json()),
                  sampling.value("prior_steps", json()));
    info.prior.parameters = parameters_below(header, "prior.net.");
    const bool karlo = prior.value("kind", std::string()) == "karlo"; // guided by the empty text
    info.prior_guidance
        = karlo || (drops(prior, "text_cond_drop_prob", 0) && drops(prior, "image_cond_drop_prob", 0));
}

/// The steps a stage is sampled in where nobody says; an elucidated one brings its own.
json own_steps(const json& decoder, std::size_t stage)
{
    constexpr int reference_steps = 32;
    auto steps = per_stage(decoder.value("sample_timesteps", json()), stage);
    if (steps.is_null() && per_stage(decoder.value("elucidated", json()), stage) == true) {
        const auto edm = per_stage(decoder.value("edm", json::object()), stage);
        return edm.is_object() ? edm.value("num_sample_steps", json(reference_steps)) : json(reference_steps);
    }
    return steps;
}

void describe_decoder(ModelInfo& info, const json& decoder, const json& sampling,
                      const SafetensorsHeader& header)
{
    const json several = decoder.value("image_sizes", json());
    const json sizes = several.empty() ? decoder.value("image_size", json()) : several;
    const std::size_t stages = decoder.value("unets", json::array()).size();
    for (std::size_t i = 0; i < stages; ++i) {
        StageInfo stage;
        stage.size = positive(per_stage(sizes, i), "image_sizes");
        fill_schedule(stage, per_stage(decoder.value("timesteps", json()), i), own_steps(decoder, i),
                      per_stage(sampling.value("steps", json()), i));
        stage.parameters = parameters_below(header, "decoder.unets." + std::to_string(i) + ".");
        info.stages.push_back(stage);
    }
    info.guidance = drops(decoder, "image_cond_drop_prob", 0.1) || drops(decoder, "text_cond_drop_prob", 0.5);
}

void describe_sampling(ModelInfo& info, const json& sampling)
{
    info.cond_scale = sampling.value("cond_scale", 1.0);
    info.prior_cond_scale = sampling.value("prior_cond_scale", 1.0);
    info.candidates = sampling.contains("candidates") ? positive(sampling["candidates"], "candidates") : 2;
    info.sampler = sampling.value("sampler", std::string());
    if (const auto eta = sampling.find("eta"); eta != sampling.end() && eta->is_number())
        info.eta = eta->get<double>();
}

/// Part names as the training log uses them: "clip", "prior", "unet1", ...
bool all_trained(const ModelInfo& info, const json& steps)
{
    std::vector<std::string> parts;
    if (info.has_clip)
        parts.emplace_back("clip");
    if (info.has_prior)
        parts.emplace_back("prior");
    for (std::size_t i = 0; i < info.stages.size(); ++i)
        parts.push_back("unet" + std::to_string(i + 1));
    return !parts.empty() && std::all_of(parts.begin(), parts.end(), [&steps](const std::string& name) {
        return steps.contains(name) && steps[name].is_number() && steps[name].get<double>() > 0;
    });
}

void describe_parts(ModelInfo& info, const SafetensorsHeader& header)
{
    const json config = metadata_json(header, "reverie.config", json::object());
    const json& sampling = part(config, "sampling");
    info.has_clip = config.contains("clip");
    info.has_prior = config.contains("prior");
    info.has_decoder = config.contains("decoder");
    describe_sampling(info, sampling);
    if (info.has_clip)
        describe_clip(info, part(config, "clip"));
    if (info.has_prior)
        describe_prior(info, part(config, "prior"), sampling, header);
    if (info.has_decoder)
        describe_decoder(info, part(config, "decoder"), sampling, header);
    info.captions = metadata_json(header, "reverie.captions", json::array()).get<std::vector<std::string>>();
    info.trained = all_trained(info, metadata_json(header, "reverie.trained", json::object()));
}

std::vector<fs::path> model_folders()
{
    auto folders = data_folders();
    for (auto& folder : folders)
        folder /= "models";
    return folders;
}

bool is_readable_model(const fs::path& path)
{
    try {
        return path.extension() == ".safetensors" && !read_model_info(path).path.empty();
    } catch (const Error&) {
        return false;
    }
}

} // namespace

ModelInfo read_model_info(const fs::path& path)
{
    const auto header = read_safetensors_header(path);
    const std::string format = metadata_text(header, "reverie.format");
    if (format.empty())
        throw Error(path.string()
                    + " is not a Reverie model; choose one that `dream train` wrote, or make it one with "
                      "`dream model import`.");
    if (format != "1")
        throw Error(path.string() + " was written by a newer Reverie (format " + format.substr(0, 20)
                    + "); install that version.");

    ModelInfo info;
    info.path = path;
    info.bytes = header.file_bytes;
    info.clip_parameters = parameters_below(header, "clip.");
    info.parameters = info.clip_parameters + parameters_below(header, "prior.net.")
        + parameters_below(header, "decoder.unets.");
    info.dtype = main_dtype(header);
    info.title = metadata_text(header, "modelspec.title");
    if (info.title.empty())
        info.title = path.stem().string();
    info.description = metadata_text(header, "reverie.description");
    if (info.description.empty())
        info.description = metadata_text(header, "modelspec.description");
    info.author = metadata_text(header, "modelspec.author");
    info.date = metadata_text(header, "modelspec.date");
    info.license = metadata_text(header, "modelspec.license");
    try {
        describe_parts(info, header);
    } catch (const std::exception&) { // of the JSON library, or a value out of range
        throw Error(path.string()
                    + " describes itself in a way Reverie does not understand; export it again.");
    }
    return info;
}

std::string hash_file(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw Error(path.string() + " can't be opened; choose a file you may read.");
    Sha256 hash;
    std::string piece(1 << 20, '\0');
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
    }
    if (in.bad())
        throw Error(path.string() + " can't be read to its end; check the disk.");
    return hash.hex();
}

std::vector<fs::path> find_models()
{
    std::vector<fs::path> models;
    std::set<fs::path> seen;
    for (const auto& folder : model_folders()) {
        std::error_code error;
        std::vector<fs::path> here;
        for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
            here.push_back(it->path());
        std::sort(here.begin(), here.end());
        for (const auto& path : here) {
            const auto real = fs::weakly_canonical(path, error);
            if (is_readable_model(path) && seen.insert(real).second)
                models.push_back(path);
        }
    }
    return models;
}

fs::path find_model(const std::string& name)
{
    std::error_code error;
    if (!name.empty() && (fs::exists(name, error) || name.find('/') != std::string::npos))
        return name;
    const auto models = find_models();
    const auto named = [](const fs::path& path, const std::string& wanted) {
        return path.stem() == wanted || path.filename() == wanted;
    };
    if (name.empty()) {
        const auto bundled = std::find_if(models.rbegin(), models.rend(),
                                          [&](const fs::path& path) { return named(path, "emoji"); });
        if (!models.empty())
            return bundled == models.rend() ? models.front() : *bundled;
    }
    const auto found
        = std::find_if(models.begin(), models.end(), [&](const fs::path& path) { return named(path, name); });
    if (found != models.end())
        return *found;

    std::string looked;
    for (const auto& folder : model_folders())
        looked += (looked.empty() ? "" : ", ") + folder.string();
    throw Error((name.empty() ? std::string("No model was found") : "There is no model '" + name + "'")
                + " in " + looked + "; give a file with --model.");
}

} // namespace reverie
