// SPDX-License-Identifier: MIT
#include "core/nn/timestep_embedding.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

at::Tensor timestep_embedding(const at::Tensor& t, std::int64_t dim)
{
    const auto half = dim / 2;
    const auto options = torch::TensorOptions(t.device()).dtype(torch::kFloat32);
    const auto exponent = torch::arange(half, options) / static_cast<double>(half);
    const auto angles
        = t.to(torch::kFloat32).unsqueeze(1) * (-std::log(10000.) * exponent).exp(); // (b, half)
    const auto embedding = torch::cat({ angles.cos(), angles.sin() }, 1);
    return dim % 2 == 0 ? embedding : torch::constant_pad_nd(embedding, { 0, 1 });
}

} // namespace reverie
