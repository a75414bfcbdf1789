// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/diffusion/noise_schedule.h"

namespace reverie {

/// Inpainting by resampling (RePaint, Lugmayr et al. 2022, algorithm 1): before a denoising step the known
/// part of x_t is replaced by the picture noised to t, and every step is taken several times, with noise put
/// back in between, so that what is drawn grows to fit what is known.
class Repaint
{
public:
    /// image (b or 1, c, h, w) is x_0; keep (b or 1, 1, h, w) is true where it is known. Throws UsageError
    /// for fewer than one resample_times.
    Repaint(NoiseSchedule schedule, Tensor image, Tensor keep, std::int64_t resample_times, Noise& noise);

    [[nodiscard]] std::int64_t resample_times() const { return resample_times_; }

    /// x_t with its known part drawn from q(x_t | x_0).
    [[nodiscard]] Tensor with_known(const Tensor& x, std::int64_t t) const;
    /// x_from noised back to x_to, to > from.
    [[nodiscard]] Tensor noised_back(const Tensor& x, std::int64_t from, std::int64_t to) const;
    /// An estimate of x_0 with its known part as given.
    [[nodiscard]] Tensor pasted(const Tensor& x_start) const;

private:
    NoiseSchedule schedule_;
    Tensor image_, keep_;
    std::int64_t resample_times_;
    Noise& noise_;
};

} // namespace reverie
