// SPDX-License-Identifier: MIT
#include "core/nn/unfilled_weights.h"

#include <torch/library.h>
#include <torch/torch.h>

namespace {

at::Tensor& leave(at::Tensor& self, double, double, c10::optional<at::Generator>)
{
    return self;
}

} // namespace

// LibTorch keeps this key for initialisation that is put off, and does nothing with it itself.
TORCH_LIBRARY_IMPL(_, DeferredInit, library)
{
    library.fallback(torch::CppFunction::makeFallthrough());
}

TORCH_LIBRARY_IMPL(aten, DeferredInit, library)
{
    library.impl("uniform_", leave);
    library.impl("normal_", leave);
}

namespace reverie {

UnfilledWeights::UnfilledWeights()
    : guard_(c10::DispatchKey::DeferredInit)
{
}

} // namespace reverie
