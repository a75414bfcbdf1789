// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"
#include "core/diffusion/noise_schedule.h"

#include <optional>
#include <utility>

namespace reverie {

using Range = std::pair<double, double>;

struct LowresConditionerOptions {
    bool downsample_first = true; ///< through the previous stage's size and back up
    bool use_blur = true;
    double blur_prob = 0.5; ///< share of batches that are blurred
    std::vector<double> blur_sigma = { 0.6 }; ///< in pixels of the smaller picture; two values are a range
    std::vector<std::int64_t> blur_kernel_size = { 3 }; ///< two values are a range, upper end included
    bool use_noise = false;
    bool normalized_noise = true; ///< noise is added in [-1, 1] although pictures are in [0, 1]
    Range input_image_range = { 0, 1 };
};

/// The picture a later stage is shown in training in place of the previous stage's output: blurred or noised
/// so that it learns to mend what that stage gets wrong (Ho et al. 2021, conditioning augmentation).
class LowresConditionerImpl : public torch::nn::Module
{
public:
    explicit LowresConditionerImpl(const LowresConditionerOptions& options);

    struct Result {
        Tensor image; ///< (b, c, target, target)
        Tensor noise_level; ///< int64 (b); undefined without noise
    };
    struct Call {
        std::int64_t target_image_size = 0;
        std::optional<std::int64_t> downsample_image_size = {};
        bool should_blur = true;
        std::vector<double> blur_sigma = {}; ///< empty: the option's
        std::vector<std::int64_t> blur_kernel_size = {}; ///< empty: the option's
    };
    Result forward(const Tensor& image, const Call& call, Noise& noise);
    /// Noise of the given level (int64 (b), of 1000 linear steps) added to a picture.
    Result noise_image(const Tensor& image, const Tensor& noise_level, Noise& noise);

private:
    LowresConditionerOptions options_;
    NoiseSchedule noise_scheduler{ nullptr };
};
TORCH_MODULE(LowresConditioner);

} // namespace reverie
