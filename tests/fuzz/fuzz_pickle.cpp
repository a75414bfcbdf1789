// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/torch_values.h"

#include <array>

namespace {

/// The same few bytes for every key.
class FixedStorages : public reverie::StorageSource
{
public:
    reverie::StorageBytes find(const std::string& /*key*/) override
    {
        static constexpr std::array<char, 64> bytes{};
        return { { bytes.data(), bytes.size() }, nullptr };
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    try {
        const auto pickle = reverie::read_pickle({ reinterpret_cast<const char*>(bytes), size }, "file");
        reverie::WeightsFile file;
        FixedStorages storages;
        reverie::add_torch_values(file, pickle, storages, 1 << 20, "file");
        for (const auto& [name, tensor] : file.tensors)
            (void)reverie::packed_bytes(tensor);
        (void)file.values.dump();
    } catch (const reverie::Error&) {
    }
    return 0;
}
