// SPDX-License-Identifier: MIT
#include "core/io/load_pipeline.h"

#include "core/base/error.h"
#include "core/io/safetensors.h"
#include "core/io/state_dict.h"
#include "core/nn/unfilled_weights.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace reverie {

namespace {

const char* const format_version = "1";

std::string part_of(const std::string& tensor)
{
    return tensor.substr(0, tensor.find('.') + 1);
}

std::set<std::string> linear_weights(const torch::nn::Module& module, const std::string& prefix)
{
    std::set<std::string> names;
    for (const auto& child : module.named_modules())
        if (child.value()->as<torch::nn::Linear>())
            names.insert(prefix + child.key() + ".weight");
    return names;
}

/// The pages of a mapped file that were read leave memory; the file still has them.
void let_go(const Tensor& mapped)
{
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(mapped.data_ptr()) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(mapped.data_ptr()) + mapped.nbytes()) / page * page;
    if (end > begin)
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

/// Takes the tensors below `prefix` out of the map and into the module, one after the other.
void take_weights(torch::nn::Module& module, TensorMap& tensors, const std::string& prefix,
                  const std::string& what, const WeightsPlace& place)
{
    check_state_dict(module, tensors, prefix, what);
    const auto linear = place.linear ? linear_weights(module, prefix) : std::set<std::string>();
    torch::NoGradGuard no_grad;
    for (auto& [name, own] : state_dict(module, prefix)) {
        const auto stored = tensors.extract(name).mapped();
        const auto dtype = linear.contains(name) ? *place.linear : own.scalar_type();
        if (own.device() == place.device && own.scalar_type() == dtype)
            own.copy_(stored);
        else
            Tensor(own).set_data(stored.to(place.device, dtype, /*non_blocking=*/false, /*copy=*/true));
        let_go(stored);
    }
}

} // namespace

Pipeline load_pipeline(const std::filesystem::path& path)
{
    return load_pipeline(path, WeightsPlace());
}

Pipeline load_pipeline(const std::filesystem::path& path, const WeightsPlace& place)
{
    auto file = read_safetensors(path);
    const auto config = file.metadata.find("reverie.config");
    if (config == file.metadata.end())
        throw Error(
            path.string()
            + " is a .safetensors file but not one of Reverie's: it holds no reverie.config; make it one "
              "with `dream model import`.");
    if (const auto format = file.metadata["reverie.format"]; format != format_version)
        throw Error(path.string() + " has the format " + format
                    + ", which this version of Reverie does not know; install a newer one.");
    Pipeline pipeline;
    try {
        const UnfilledWeights unfilled;
        pipeline = build_pipeline(pipeline_config_from_json(nlohmann::json::parse(config->second)));
    } catch (const nlohmann::json::exception&) {
        throw Error(path.string() + " is damaged: its reverie.config is not JSON; get the file again.");
    } catch (const UsageError& e) { // of whoever wrote the file, not of whoever opens it
        throw Error(path.string() + " can't be used: " + e.what());
    }
    if (const auto merges = file.metadata.find("tokenizer.merges"); merges != file.metadata.end())
        pipeline.tokenizer.emplace(merges->second);
    const auto load = [&](auto& module, const std::string& prefix) {
        if (!module)
            return;
        take_weights(*module, file.tensors, prefix, path.string(), place);
        module->eval();
    };
    load(pipeline.clip, "clip.");
    load(pipeline.prior, "prior.");
    load(pipeline.decoder, "decoder.");
    load(pipeline.vqgan, "vqgan.");
    if (!file.tensors.empty())
        throw Error(path.string() + " does not fit its configuration: it holds "
                    + std::to_string(file.tensors.size()) + " tensors under \""
                    + part_of(file.tensors.begin()->first) + "\", for which it configures nothing.");
    file.metadata.erase("reverie.config");
    file.metadata.erase("reverie.format");
    file.metadata.erase("tokenizer.merges");
    pipeline.metadata = std::move(file.metadata);
    return pipeline;
}

} // namespace reverie
