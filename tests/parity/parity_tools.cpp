// SPDX-License-Identifier: MIT
#include "tests/parity/parity_tools.h"

#include "core/io/options_json.h"
#include "core/io/state_dict.h"

#include <torch/torch.h>

#include <set>

namespace reverie {

namespace {

using nlohmann::json;

void clear_gradients(torch::nn::Module& module)
{
    for (auto& parameter : module.parameters())
        parameter.mutable_grad() = Tensor();
}

} // namespace

TensorMap under(const TensorMap& all, const std::string& prefix)
{
    TensorMap part;
    for (const auto& [name, tensor] : all)
        if (name.starts_with(prefix))
            part[name.substr(prefix.size())] = tensor;
    return part;
}

TensorMap without(const TensorMap& all, const std::string& prefix)
{
    auto rest = all;
    std::erase_if(rest, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    return rest;
}

void add_gradients(TensorMap& outputs, torch::nn::Module& module, const Tensor& loss,
                   const ParityCase& parity)
{
    clear_gradients(module);
    loss.backward();
    auto sum = torch::zeros({}, torch::kFloat64);
    std::set<void*> seen; // a shared module appears under several names
    for (const auto& parameter : module.named_parameters()) {
        const auto& grad = parameter.value().grad();
        if (!grad.defined())
            continue;
        if (seen.insert(parameter.value().unsafeGetTensorImpl()).second)
            sum = sum + grad.to(torch::kFloat64).square().sum();
        if (parity.outputs.contains("grad." + parameter.key()))
            outputs["grad." + parameter.key()] = grad;
    }
    outputs["grad_norm"] = sum.sqrt().to(torch::kFloat32);
}

std::shared_ptr<XClipImpl> build_clip(const json& config, const ParityCase& parity)
{
    if (config.is_null())
        return nullptr;
    auto clip = std::make_shared<XClipImpl>(options_from_json<XClipOptions>(config, "clip"));
    const auto path = parity.kind == "dalle2" ? std::string("prior.clip.clip.") : std::string("clip.clip.");
    load_state_dict(*clip, under(parity.parameters, path), "", parity.name);
    clip->eval();
    for (auto& parameter : clip->parameters())
        parameter.set_requires_grad(false);
    return clip;
}

json member(const json& object, const char* key)
{
    return object.contains(key) ? object[key] : json();
}

double number(const json& object, const char* key, double fallback)
{
    const auto value = member(object, key);
    return value.is_null() ? fallback : value.get<double>();
}

std::optional<std::int64_t> whole(const json& object, const char* key)
{
    const auto value = member(object, key);
    return value.is_null() ? std::nullopt : std::optional(value.get<std::int64_t>());
}

} // namespace reverie
