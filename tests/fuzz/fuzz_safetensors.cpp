// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/safetensors_header.h"
#include "core/io/stored_tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view file(reinterpret_cast<const char*>(bytes), size);
    try {
        const auto header = reverie::parse_safetensors_header(file, "file");
        for (const auto& [name, entry] : header.tensors)
            (void)reverie::packed_bytes({ entry.dtype, entry.shape, reverie::contiguous_strides(entry.shape),
                                          file.data() + header.data_offset + entry.begin, nullptr });
    } catch (const reverie::Error&) {
    }
    return 0;
}
