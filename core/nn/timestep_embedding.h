// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace reverie {

/// [cos(t f_i), sin(t f_i)] with f_i = 10000^(-i / (dim/2)), as OpenAI's guided diffusion has it: t (b), any
/// real type -> (b, dim), float32. An odd dim ends in a zero.
at::Tensor timestep_embedding(const at::Tensor& t, std::int64_t dim);

} // namespace reverie
