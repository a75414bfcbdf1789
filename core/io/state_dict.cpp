// SPDX-License-Identifier: MIT
#include "core/io/state_dict.h"

#include "core/base/error.h"
#include "core/nn/adapts_to_tensors.h"

#include <torch/torch.h>

#include <sstream>

namespace reverie {

namespace {

constexpr std::size_t named_in_message = 10;

std::string shape_of(const Tensor& tensor)
{
    std::ostringstream text;
    text << tensor.sizes();
    return text.str();
}

/// "missing: a, b and 3 more; "
std::string listed(const std::string& what, const std::vector<std::string>& names)
{
    if (names.empty())
        return {};
    std::string text = " " + std::to_string(names.size()) + " " + what + " (";
    for (std::size_t i = 0; i < names.size() && i < named_in_message; ++i)
        text += (i ? ", " : "") + names[i];
    if (names.size() > named_in_message)
        text += " and " + std::to_string(names.size() - named_in_message) + " more";
    return text + ");";
}

void adapt(torch::nn::Module& module, const TensorMap& tensors, const std::string& prefix)
{
    if (auto* adaptable = dynamic_cast<AdaptsToTensors*>(&module))
        adaptable->adapt_to([&](const std::string& name) { return tensors.contains(prefix + name); });
    for (const auto& child : module.named_children())
        adapt(*child.value(), tensors, prefix + child.key() + ".");
}

} // namespace

TensorMap state_dict(const torch::nn::Module& module, const std::string& prefix)
{
    TensorMap tensors;
    for (const auto& parameter : module.named_parameters())
        tensors[prefix + parameter.key()] = parameter.value();
    for (const auto& buffer : module.named_buffers())
        tensors[prefix + buffer.key()] = buffer.value();
    return tensors;
}

void check_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& prefix,
                      const std::string& what)
{
    adapt(module, tensors, prefix);
    const auto own = state_dict(module, prefix);
    std::vector<std::string> missing, unexpected, misshapen;
    for (const auto& [name, tensor] : own) {
        const auto found = tensors.find(name);
        if (found == tensors.end())
            missing.push_back(name);
        else if (found->second.sizes() != tensor.sizes())
            misshapen.push_back(name + " " + shape_of(found->second) + " instead of " + shape_of(tensor));
    }
    for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix); ++it)
        if (!own.contains(it->first))
            unexpected.push_back(it->first);
    if (!missing.empty() || !unexpected.empty() || !misshapen.empty()) {
        auto text = what + " does not fit its configuration:" + listed("tensors are missing", missing)
            + listed("are unexpected", unexpected) + listed("have another shape", misshapen);
        text.back() = '.';
        throw Error(text);
    }
    for (const auto& parameter : module.named_parameters())
        if (const auto name = prefix + parameter.key(); !tensors.at(name).is_floating_point())
            throw Error(what + " holds " + name
                        + " as whole numbers, without what they count; get its weights as f32, f16 or bf16.");
}

void load_state_dict(torch::nn::Module& module, const TensorMap& tensors, const std::string& prefix,
                     const std::string& what)
{
    check_state_dict(module, tensors, prefix, what);
    torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : state_dict(module, prefix))
        tensor.copy_(tensors.at(name));
}

} // namespace reverie
