// SPDX-License-Identifier: MIT
#include "core/io/vgg_file.h"

#include "core/io/state_dict.h"

#include <torch/torch.h>

namespace reverie {

Vgg load_vgg16(const std::filesystem::path& path, const VggOptions& options)
{
    auto tensors = read_safetensors(path).tensors;
    tensors.erase("classifier.6.weight");
    tensors.erase("classifier.6.bias");
    Vgg vgg(options);
    load_state_dict(*vgg, tensors, "", path.string());
    vgg->eval();
    return vgg;
}

} // namespace reverie
