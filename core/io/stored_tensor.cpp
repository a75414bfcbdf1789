// SPDX-License-Identifier: MIT
#include "core/io/stored_tensor.h"

#include "core/io/safetensors_header.h"

namespace reverie {

namespace {

/// Appends what lies below `dimension`, element by element; rows that are whole in one piece.
void pack(const StoredTensor& tensor, std::size_t dimension, const char* from, std::size_t item,
          std::string& out)
{
    if (dimension == tensor.shape.size()) {
        out.append(from, item);
        return;
    }
    const auto size = static_cast<std::size_t>(tensor.shape[dimension]);
    const auto stride = static_cast<std::size_t>(tensor.strides[dimension]) * item;
    if (dimension + 1 == tensor.shape.size() && stride == item) {
        out.append(from, size * item);
        return;
    }
    for (std::size_t i = 0; i < size; ++i)
        pack(tensor, dimension + 1, from + i * stride, item, out);
}

} // namespace

std::uint64_t StoredTensor::elements() const
{
    std::uint64_t count = 1;
    for (const auto size : shape)
        count *= static_cast<std::uint64_t>(size);
    return count;
}

std::uint64_t StoredTensor::bytes() const
{
    return elements() * dtype_bytes(dtype);
}

bool StoredTensor::is_contiguous() const
{
    const auto plain = contiguous_strides(shape);
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (shape[i] != 1 && strides[i] != plain[i])
            return elements() == 0;
    return true;
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape)
{
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t i = shape.size(); i-- > 1;)
        strides[i - 1] = shape[i] == 0 ? strides[i] : strides[i] * shape[i];
    return strides;
}

std::string packed_bytes(const StoredTensor& tensor)
{
    std::string out;
    if (tensor.elements() == 0)
        return out;
    const auto bytes = static_cast<std::size_t>(tensor.bytes());
    if (tensor.is_contiguous())
        return { tensor.data, bytes };
    out.reserve(bytes);
    pack(tensor, 0, tensor.data, dtype_bytes(tensor.dtype), out);
    return out;
}

} // namespace reverie
