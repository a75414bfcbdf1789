// SPDX-License-Identifier: MIT
#include "core/io/safetensors_writer.h"

#include "core/base/error.h"
#include "core/io/safetensors_header.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace reverie {

void write_safetensors_file(const std::filesystem::path& path,
                            const std::map<std::string, TensorToWrite>& tensors,
                            const std::map<std::string, std::string>& metadata)
{
    std::vector<const std::pair<const std::string, TensorToWrite>*> order;
    for (const auto& entry : tensors)
        order.push_back(&entry);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        return dtype_bytes(a->second.dtype) > dtype_bytes(b->second.dtype);
    });

    auto header = nlohmann::json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    for (const auto* entry : order) {
        const auto& [name, tensor] = *entry;
        std::uint64_t bytes = dtype_bytes(tensor.dtype);
        if (bytes == 0)
            throw Error("The tensor " + name + " has the type " + tensor.dtype
                        + ", which a .safetensors file can't hold.");
        for (const auto size : tensor.shape)
            bytes *= static_cast<std::uint64_t>(size);
        header[name] = { { "dtype", tensor.dtype },
                         { "shape", tensor.shape },
                         { "data_offsets", { offset, offset + bytes } } };
        offset += bytes;
    }
    auto text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    text.append((8 - text.size() % 8) % 8, ' ');
    write_file(path, [&](const Sink& sink) {
        const std::uint64_t length = text.size();
        sink({ reinterpret_cast<const char*>(&length), sizeof length });
        sink(text);
        for (const auto* entry : order)
            entry->second.write(sink);
    });
}

void write_stored_tensors(const std::filesystem::path& path, const StoredTensors& tensors,
                          const std::map<std::string, std::string>& metadata)
{
    std::map<std::string, TensorToWrite> all;
    for (const auto& [name, tensor] : tensors)
        all[name] = { tensor.dtype, tensor.shape, [&tensor = tensor](const Sink& sink) {
                         if (tensor.is_contiguous() && tensor.data)
                             sink({ tensor.data, tensor.bytes() });
                         else
                             sink(packed_bytes(tensor));
                     } };
    write_safetensors_file(path, all, metadata);
}

} // namespace reverie
