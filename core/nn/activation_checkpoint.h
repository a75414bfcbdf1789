// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace reverie {

using at::Tensor;

/// layer(x) whose activations are not kept for the backward pass but computed again in it: less memory for
/// one more forward pass (Chen et al. 2016). `parameters` are those of the layer that train. The layer must
/// give the same again, so it draws no random numbers.
Tensor checkpointed(const std::function<Tensor(const Tensor&)>& layer, const Tensor& x,
                    const std::vector<Tensor>& parameters);

} // namespace reverie
