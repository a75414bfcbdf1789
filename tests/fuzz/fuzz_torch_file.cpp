// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/torch_file.h"
#include "core/io/weights_summary.h"

#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const auto owner = std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes), size);
    try {
        const auto file = reverie::read_torch_bytes("file", *owner, owner);
        for (const auto& [name, tensor] : file.tensors)
            (void)reverie::packed_bytes(tensor);
        for (const auto& part : reverie::recognise(file))
            (void)reverie::architecture_in_words(file, part, reverie::part_tensors(file, part));
    } catch (const reverie::Error&) {
    }
    return 0;
}
