// SPDX-License-Identifier: MIT
#include "core/io/safetensors.h"

#include "core/io/mapped_file.h"
#include "core/io/safetensors_header.h"
#include "core/io/safetensors_writer.h"
#include "core/io/torch_tensor.h"

#include <torch/torch.h>

#include <memory>

namespace reverie {

Safetensors read_safetensors(const std::filesystem::path& path)
{
    const auto map = std::make_shared<const MappedFile>(path);
    const auto header = parse_safetensors_header(map->bytes(), path.string());
    Safetensors result{ {}, header.metadata };
    for (const auto& [name, entry] : header.tensors)
        result.tensors[name] = to_tensor({ entry.dtype, entry.shape, contiguous_strides(entry.shape),
                                           map->bytes().data() + header.data_offset + entry.begin, map },
                                         path.string() + ": the tensor " + name);
    return result;
}

void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata)
{
    std::map<std::string, TensorToWrite> all;
    for (const auto& [name, tensor] : tensors)
        all[name]
            = { dtype_name(tensor.scalar_type()), tensor.sizes().vec(), [&tensor = tensor](const Sink& sink) {
                   const auto plain = tensor.detach().cpu().contiguous();
                   sink({ static_cast<const char*>(plain.data_ptr()), plain.nbytes() });
               } };
    write_safetensors_file(path, all, metadata);
}

} // namespace reverie
