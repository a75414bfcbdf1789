// SPDX-License-Identifier: MIT
#include "core/io/not_finite.h"

#include <cstring>

namespace reverie {

namespace {

/// Numbers whose exponent, the bits of `mask`, is all ones.
template <class Bits>
std::uint64_t count(const StoredTensor& tensor, Bits mask)
{
    const auto packed = tensor.is_contiguous() ? std::string() : packed_bytes(tensor);
    const char* at = tensor.is_contiguous() ? tensor.data : packed.data();
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < tensor.elements(); ++i, at += sizeof(Bits)) {
        Bits bits;
        std::memcpy(&bits, at, sizeof bits);
        found += (bits & mask) == mask;
    }
    return found;
}

/// A noise schedule ends in infinite ratios, and a mask hides by them.
bool is_table(const std::string& name)
{
    return name.find("noise_schedule") != std::string::npos || name.ends_with("attn_mask");
}

} // namespace

std::uint64_t count_not_finite(const StoredTensor& tensor)
{
    if (tensor.dtype == "F64")
        return count<std::uint64_t>(tensor, 0x7ff0'0000'0000'0000);
    if (tensor.dtype == "F32")
        return count<std::uint32_t>(tensor, 0x7f80'0000);
    if (tensor.dtype == "F16")
        return count<std::uint16_t>(tensor, 0x7c00);
    if (tensor.dtype == "BF16")
        return count<std::uint16_t>(tensor, 0x7f80);
    return 0;
}

std::string not_finite_in_words(const StoredTensors& tensors)
{
    constexpr std::size_t named = 10;
    std::size_t concerned = 0;
    std::string names;
    for (const auto& [name, tensor] : tensors)
        if (const auto count = is_table(name) ? 0 : count_not_finite(tensor);
            count > 0 && concerned++ < named)
            names += (names.empty() ? "" : ", ") + name + " (" + std::to_string(count) + ")";
    if (concerned == 0)
        return {};
    if (concerned > named)
        names += " and " + std::to_string(concerned - named) + " more";
    return (concerned == 1 ? "1 tensor holds" : std::to_string(concerned) + " tensors hold")
        + std::string(" numbers that are NaN or infinite, so what is drawn with them may be empty: ") + names
        + "; get the weights again, or take an earlier checkpoint.";
}

} // namespace reverie
