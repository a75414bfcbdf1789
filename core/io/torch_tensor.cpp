// SPDX-License-Identifier: MIT
#include "core/io/torch_tensor.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <array>
#include <cstring>

namespace reverie {

namespace {

using Dtype = std::pair<const char*, torch::ScalarType>;
constexpr std::array<Dtype, 10> dtypes{ { { "F64", torch::kFloat64 },
                                          { "F32", torch::kFloat32 },
                                          { "F16", torch::kFloat16 },
                                          { "BF16", torch::kBFloat16 },
                                          { "I64", torch::kInt64 },
                                          { "I32", torch::kInt32 },
                                          { "I16", torch::kInt16 },
                                          { "I8", torch::kInt8 },
                                          { "U8", torch::kUInt8 },
                                          { "BOOL", torch::kBool } } };

torch::ScalarType scalar_type(const std::string& dtype, const std::string& what)
{
    for (const auto& [name, type] : dtypes)
        if (dtype == name)
            return type;
    if (dtype.starts_with('C'))
        throw Error(what + " holds complex numbers (" + dtype
                    + "), which no model here has; get weights of real numbers.");
    throw Error(what + " has the type " + dtype + ", which can't be computed with; convert the file first.");
}

} // namespace

at::Tensor to_tensor(const StoredTensor& tensor, const std::string& what)
{
    const auto options = torch::TensorOptions(scalar_type(tensor.dtype, what));
    if (tensor.elements() == 0)
        return torch::empty(tensor.shape, options);
    if (reinterpret_cast<std::uintptr_t>(tensor.data) % options.dtype().itemsize() == 0)
        // The map is private and writable, or nobody else's.
        return torch::from_blob(
            const_cast<char*>(tensor.data), tensor.shape, tensor.strides, [owner = tensor.owner](void*) {},
            options);
    auto copy = torch::empty(tensor.shape, options);
    const auto bytes = packed_bytes(tensor);
    std::memcpy(copy.data_ptr(), bytes.data(), bytes.size());
    return copy;
}

std::string dtype_name(at::ScalarType type)
{
    for (const auto& [name, known] : dtypes)
        if (type == known)
            return name;
    throw Error("A tensor of this type can't be written to a .safetensors file.");
}

} // namespace reverie
