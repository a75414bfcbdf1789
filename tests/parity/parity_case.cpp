// SPDX-License-Identifier: MIT
#include "tests/parity/parity_case.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <sstream>

namespace reverie {

Tensor ParityCase::input(const std::string& key) const
{
    const auto found = inputs.find(key);
    return found == inputs.end() ? Tensor() : found->second;
}

ParityCase read_parity_case(const std::filesystem::path& path)
{
    const auto file = read_safetensors(path);
    ParityCase result;
    result.name = file.metadata.at("case");
    result.kind = file.metadata.at("kind");
    result.config = nlohmann::json::parse(file.metadata.at("config"));
    result.call = nlohmann::json::parse(file.metadata.at("call"));
    const auto put = [](TensorMap& map, const std::string& name, std::size_t prefix, const Tensor& tensor) {
        map[name.substr(prefix)] = tensor;
    };
    for (const auto& [name, tensor] : file.tensors) { // sorted, so noise.000 comes before noise.001
        if (name.starts_with("param."))
            put(result.parameters, name, 6, tensor);
        else if (name.starts_with("input."))
            put(result.inputs, name, 6, tensor);
        else if (name.starts_with("output."))
            put(result.outputs, name, 7, tensor);
        else
            result.noises.push_back(tensor);
    }
    return result;
}

Tensor ReplayedNoise::next(at::IntArrayRef shape)
{
    if (used_ == recorded_.size())
        throw Error("more noise was drawn than recorded");
    const auto& tensor = recorded_[used_++];
    if (tensor.sizes() != shape) {
        std::ostringstream text;
        text << "draw " << used_ - 1 << " has the shape " << tensor.sizes() << ", asked for " << shape;
        throw Error(text.str());
    }
    return tensor;
}

double ReplayedNoise::coin()
{
    return next({}).item<double>();
}

std::int64_t ReplayedNoise::pick(std::int64_t, std::int64_t)
{
    return next({}).item<std::int64_t>();
}

} // namespace reverie
