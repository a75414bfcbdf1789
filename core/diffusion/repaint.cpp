// SPDX-License-Identifier: MIT
#include "core/diffusion/repaint.h"

#include "core/base/error.h"

#include <torch/torch.h>

namespace reverie {

namespace {

Tensor everywhere(std::int64_t t, const Tensor& x)
{
    return torch::full({ x.size(0) }, t, torch::TensorOptions(x.device()).dtype(torch::kInt64));
}

} // namespace

Repaint::Repaint(NoiseSchedule schedule, Tensor image, Tensor keep, std::int64_t resample_times, Noise& noise)
    : schedule_(std::move(schedule))
    , image_(std::move(image))
    , keep_(std::move(keep))
    , resample_times_(resample_times)
    , noise_(noise)
{
    if (resample_times < 1)
        throw UsageError("Inpainting takes every step at least once, not " + std::to_string(resample_times)
                         + " times.");
}

Tensor Repaint::with_known(const Tensor& x, std::int64_t t) const
{
    const auto fresh = noise_.normal(x.sizes()).to(x.options());
    return torch::where(keep_, schedule_->q_sample(image_.expand_as(x), everywhere(t, x), fresh), x);
}

Tensor Repaint::noised_back(const Tensor& x, std::int64_t from, std::int64_t to) const
{
    const auto fresh = noise_.normal(x.sizes()).to(x.options());
    return schedule_->q_sample_from_to(x, everywhere(from, x), everywhere(to, x), fresh);
}

Tensor Repaint::pasted(const Tensor& x_start) const
{
    return torch::where(keep_, image_.to(x_start.dtype()), x_start);
}

} // namespace reverie
