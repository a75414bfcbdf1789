// SPDX-License-Identifier: MIT
#include "core/api/model_assembly.h"

#include "core/base/error.h"
#include "core/base/today.h"
#include "core/io/karlo_parts.h"
#include "core/io/model_fit.h"
#include "core/io/not_finite.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors_writer.h"
#include "core/io/state_dict.h"
#include "core/io/torch_tensor.h"
#include "core/io/vocabulary.h"
#include "core/nn/unfilled_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <set>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Taking parts together

/// "prior" of "prior=FILE"; empty if the argument is a file.
std::string part_name(const std::string& argument)
{
    const auto name = argument.substr(0, argument.find('='));
    const bool unet = name.starts_with("unet") && name.size() > 4
        && name.find_first_not_of("0123456789", 4) == std::string::npos;
    const bool known = name == "clip" || name == "prior" || name == "decoder" || unet;
    return known && name.size() < argument.size() ? name : std::string();
}

/// The decoders of two files may differ in nothing but their U-Nets.
void check_same_decoder(const ModelPart& a, const ModelPart& b)
{
    auto first = a.config, second = b.config;
    if (first["unets"].size() != second["unets"].size())
        throw Error(a.from + " has a decoder of " + std::to_string(first["unets"].size()) + " U-Nets and "
                    + b.from + " one of " + std::to_string(second["unets"].size())
                    + "; take them from runs of one configuration.");
    first.erase("unets");
    second.erase("unets");
    for (const auto* side : { &first, &second })
        for (const auto& [key, value] : side->items())
            if (first.value(key, json()) != second.value(key, json()))
                throw Error("The decoders of " + a.from + " and " + b.from + " differ in " + key + ", "
                            + first.value(key, json()).dump() + " and " + second.value(key, json()).dump()
                            + "; take U-Nets from runs of one configuration.");
}

/// Puts the U-Nets of `from` in place of those that are there.
void add_decoder(ModelAssembly& assembly, ModelPart from)
{
    if (!assembly.decoder) {
        assembly.decoder = std::move(from);
        return;
    }
    auto& decoder = *assembly.decoder;
    check_same_decoder(decoder, from);
    for (const auto& [unet, steps] : from.unets) {
        const auto index = std::to_string(unet - 1);
        decoder.config["unets"][static_cast<std::size_t>(unet - 1)]
            = from.config["unets"][static_cast<std::size_t>(unet - 1)];
        for (const char* list : { "unets.", "vaes.", "noise_schedulers.", "lowres_conds." }) {
            const auto prefix = std::string("decoder.") + list + index + ".";
            std::erase_if(decoder.tensors,
                          [&](const auto& entry) { return entry.first.starts_with(prefix); });
            for (auto it = from.tensors.lower_bound(prefix);
                 it != from.tensors.end() && it->first.starts_with(prefix); ++it)
                decoder.tensors.insert(*it);
        }
        decoder.unets[unet] = steps;
    }
}

void add_parts(ModelAssembly& assembly, ModelParts parts)
{
    if (parts.clip)
        assembly.clip = std::move(parts.clip);
    if (parts.companion && (parts.prior || parts.decoder))
        assembly.companions.push_back(std::move(*parts.companion));
    if (parts.prior)
        assembly.prior = std::move(parts.prior);
    if (parts.decoder)
        add_decoder(assembly, std::move(*parts.decoder));
    if (parts.super_resolution)
        assembly.super_resolution = std::move(parts.super_resolution);
    assembly.statistics.merge(parts.statistics);
    if (assembly.sampling.is_null())
        assembly.sampling = parts.sampling;
    if (const auto merges = parts.metadata.find("tokenizer.merges"); merges != parts.metadata.end()) {
        assembly.tokenizer.emplace(merges->second);
        parts.metadata.erase(merges);
    }
    // A list of captions is closed only if all parts learned the same.
    if (!assembly.metadata.empty()
        && assembly.metadata["reverie.captions"] != parts.metadata["reverie.captions"])
        assembly.metadata["reverie.captions"] = parts.metadata["reverie.captions"] = "[]";
    for (const auto& [key, value] : parts.metadata)
        assembly.metadata.emplace(key, value);
    assembly.notes.insert(assembly.notes.end(), parts.notes.begin(), parts.notes.end());
}

/// What an import is doing. Asked before every piece of work whether to go on.
class Progress
{
public:
    struct Stopped {
    };
    Progress(const OnModelImport& report, std::stop_token stop)
        : report_(report)
        , stop_(std::move(stop))
    {
    }
    /// Throws Stopped if it was asked to.
    void at(const std::string& doing, double done) const
    {
        if (stop_.stop_requested())
            throw Stopped();
        if (report_)
            report_(doing, done);
    }

private:
    const OnModelImport& report_;
    std::stop_token stop_;
};

constexpr double share_of_reading = 0.2, share_of_checking = 0.3; ///< the rest is writing

ModelAssembly gathered(const ModelImportRequest& request, const Progress& progress)
{
    ModelAssembly assembly;
    double files = 0;
    for (const auto& argument : request.parts) {
        progress.at("Reading " + fs::path(argument).filename().string(),
                    share_of_reading * files++ / static_cast<double>(request.parts.size() + 1));
        const auto only = part_name(argument);
        const auto path = only.empty() ? argument : argument.substr(only.size() + 1);
        add_parts(assembly, read_model_parts(path, only, request.ema));
    }
    if (!request.clip.empty())
        add_parts(assembly, read_model_parts(request.clip, "clip", request.ema));
    if (!request.vocab.empty())
        assembly.tokenizer = read_vocabulary(request.vocab);
    return assembly;
}

// Loading and writing

/// What may be behind tensors that don't fit.
std::string likely_cause(const ModelPart& part, const std::string& error)
{
    int major = 0, minor = 0;
    const bool versioned = std::sscanf(part.version.c_str(), "%d.%d", &major, &minor) == 2;
    if (versioned && (major < 1 || minor < 10))
        return " It was written by DALLE2-pytorch " + part.version
            + "; the layers changed names and shapes in 1.9, 1.10 and 1.14.";
    if (part.tensors.empty())
        return {};
    if (error.find("instead of") != std::string::npos || error.find("missing") != std::string::npos)
        return " Its configuration probably belongs to another file.";
    return {};
}

/// Tables that follow from the options: computed where a file lacks them, and otherwise the same.
void complete_tables(ModelPart& part, torch::nn::Module& module, const std::string& prefix)
{
    for (const auto& table : module.named_buffers()) {
        const auto name = prefix + table.key();
        if (name.find("noise_schedule") == std::string::npos)
            continue;
        const auto found = part.tensors.find(name);
        if (found == part.tensors.end()) {
            part.tensors[name] = table.value();
            continue;
        }
        constexpr double relative = 1e-2, absolute = 1e-3;
        if (found->second.sizes() == table.value().sizes()
            && !torch::allclose(found->second.to(torch::kFloat32), table.value(), relative, absolute,
                                /*equal_nan=*/true))
            throw Error(part.from + " has another noise schedule than its configuration gives (" + name
                        + "); the configuration belongs to another file.");
    }
}

/// Checks strictly whether the part fits.
void check_part(ModelPart& part, torch::nn::Module& module, const std::string& prefix)
{
    complete_tables(part, module, prefix);
    try {
        check_state_dict(module, part.tensors, prefix, part.from);
    } catch (const Error& e) {
        throw Error(e.what() + likely_cause(part, e.what()));
    }
}

/// The same tensors, where they lie.
StoredTensors stored(const TensorMap& tensors)
{
    StoredTensors result;
    for (const auto& [name, tensor] : tensors)
        result[name] = { dtype_name(tensor.scalar_type()), tensor.sizes().vec(), tensor.strides().vec(),
                         static_cast<const char*>(tensor.data_ptr()), nullptr };
    return result;
}

/// Names of what trains; tables stay exact.
std::set<std::string> trained_names(const torch::nn::Module& module, const std::string& prefix)
{
    std::set<std::string> names;
    for (const auto& parameter : module.named_parameters())
        if (parameter.value().requires_grad())
            names.insert(prefix + parameter.key());
    return names;
}

/// Writes the tensors one by one, those in `converted` as `type`.
void write_tensors(const fs::path& path, const TensorMap& tensors, const std::set<std::string>& converted,
                   torch::ScalarType type, const std::map<std::string, std::string>& metadata,
                   const Progress& progress)
{
    std::map<std::string, TensorToWrite> all;
    double bytes = 0, written = 0;
    for (const auto& [name, tensor] : tensors) {
        const auto stored = converted.contains(name) ? type : tensor.scalar_type();
        bytes += static_cast<double>(tensor.nbytes());
        all[name]
            = { dtype_name(stored), tensor.sizes().vec(), [&, stored, &tensor = tensor](const Sink& sink) {
                   progress.at("Writing " + path.filename().string(),
                               share_of_checking + (1 - share_of_checking) * written / bytes);
                   const auto plain = tensor.detach().to(stored).contiguous();
                   sink({ static_cast<const char*>(plain.data_ptr()), plain.nbytes() });
                   written += static_cast<double>(tensor.nbytes());
               } };
    }
    write_safetensors_file(path, all, metadata);
}

std::map<std::string, std::string> describe(const ModelAssembly& assembly, const json& config,
                                            const ModelImportRequest& request)
{
    auto metadata = assembly.metadata;
    json trained = { { "clip", assembly.clip->steps } };
    if (assembly.prior)
        trained["prior"] = assembly.prior->steps;
    if (assembly.decoder)
        for (const auto& [unet, steps] : assembly.decoder->unets)
            trained["unet" + std::to_string(unet)] = steps;
    metadata["reverie.trained"] = trained.dump();
    metadata["reverie.format"] = "1";
    metadata["reverie.config"] = config.dump();
    metadata["tokenizer.merges"] = assembly.tokenizer->merges_text();
    metadata.emplace("modelspec.sai_model_spec", "1.0.0");
    metadata.emplace("modelspec.architecture", "unclip");
    metadata.emplace("modelspec.implementation", "reverie");
    metadata["modelspec.title"] = request.out.stem().string();
    metadata["modelspec.date"] = today();
    return metadata;
}

} // namespace

ModelImportResult assemble_model(const ModelImportRequest& request, const OnModelImport& on_progress,
                                 std::stop_token stop)
try {
    const Progress progress(on_progress, std::move(stop));
    if (request.parts.empty() && request.clip.empty())
        throw UsageError("There is nothing to import; name at least one file.");
    if (std::error_code error; fs::exists(request.out, error))
        throw UsageError(request.out.string() + " exists; choose another name with -o.");
    const auto type = request.dtype.empty() ? torch::kFloat32 : stored_type(request.dtype);

    auto assembly = gathered(request, progress);
    progress.at("Checking whether the parts fit", share_of_reading);
    complete_karlo(assembly);
    check_fit(assembly);
    json config = { { "clip", assembly.clip->config } };
    if (assembly.prior)
        config["prior"] = assembly.prior->config;
    if (assembly.decoder)
        config["decoder"] = assembly.decoder->config;
    if (assembly.sampling.is_object())
        config["sampling"] = assembly.sampling;

    auto pipeline = [&config] {
        const UnfilledWeights unfilled;
        return build_pipeline(pipeline_config_from_json(config));
    }();
    TensorMap tensors;
    std::set<std::string> converted;
    const auto add
        = [&](std::optional<ModelPart>& part, torch::nn::Module& module, const std::string& prefix) {
              progress.at("Checking " + prefix.substr(0, prefix.size() - 1), share_of_checking);
              check_part(*part, module, prefix);
              if (const auto flaw = not_finite_in_words(stored(part->tensors)); !flaw.empty())
                  assembly.notes.push_back(part->from + ": " + flaw);
              if (!request.dtype.empty())
                  converted.merge(trained_names(module, prefix));
              tensors.merge(part->tensors);
          };
    add(assembly.clip, *pipeline.clip, "clip.");
    if (assembly.prior)
        add(assembly.prior, *pipeline.prior, "prior.");
    if (assembly.decoder)
        add(assembly.decoder, *pipeline.decoder, "decoder.");
    write_tensors(request.out, tensors, converted, type,
                  describe(assembly, to_json(pipeline.config), request), progress);
    return { request.out, assembly.notes };
} catch (const Progress::Stopped&) {
    return { .stopped = true };
}

} // namespace reverie
