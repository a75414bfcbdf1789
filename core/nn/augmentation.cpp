// SPDX-License-Identifier: MIT
#include "core/nn/augmentation.h"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace reverie {

namespace {

namespace F = torch::nn::functional;

/// What is drawn for each picture, by column.
enum Draw : std::int64_t {
    Jitter,
    Brightness,
    Contrast,
    Saturation,
    Hue,
    Grayscale,
    Blur,
    Sigma,
    Flip,
    CropArea,
    CropRatio,
    CropLeft,
    CropTop,
    Draws
};

/// Rows of the uniform draws of one batch, shaped to meet (b, c, h, w).
class Dice
{
public:
    explicit Dice(const Tensor& draws)
        : draws_(draws)
    {
    }
    [[nodiscard]] Tensor between(Draw which, double low, double high) const // (b, 1, 1, 1)
    {
        return draws_.select(1, which).view({ -1, 1, 1, 1 }) * (high - low) + low;
    }
    [[nodiscard]] Tensor happens(Draw which, double probability) const
    {
        return between(which, 0, 1) < probability;
    }

private:
    Tensor draws_; ///< (b, Draws)
};

/// Luma of Rec. 601: (b, 3, h, w) -> (b, 1, h, w); one channel is its own.
Tensor gray(const Tensor& x)
{
    if (x.size(1) != 3)
        return x;
    const auto weights = torch::tensor({ 0.299, 0.587, 0.114 }, x.options()).view({ 1, 3, 1, 1 });
    return (x * weights).sum(1, /*keepdim=*/true);
}

Tensor blend(const Tensor& x, const Tensor& other, const Tensor& factor)
{
    return (other + (x - other) * factor).clamp(0, 1);
}

/// Turns the colours about the gray axis (Rodrigues' formula), which keeps the sum of the channels.
Tensor turn_hue(const Tensor& x, const Tensor& circles)
{
    const auto angle = circles * (2 * std::numbers::pi);
    const auto mean = x.mean(1, /*keepdim=*/true);
    const auto across = (x.roll(1, 1) - x.roll(-1, 1)) / std::numbers::sqrt3; // gray axis x colour
    return (mean + (x - mean) * angle.cos() + across * angle.sin()).clamp(0, 1);
}

Tensor jitter(const Tensor& pictures, const Dice& dice, const AugmentationOptions& o)
{
    const auto factor
        = [&](Draw which, double strength) { return dice.between(which, 1 - strength, 1 + strength); };
    auto x = (pictures * factor(Brightness, o.brightness)).clamp(0, 1);
    x = blend(x, gray(x).mean({ 1, 2, 3 }, /*keepdim=*/true), factor(Contrast, o.contrast));
    if (x.size(1) == 3) {
        x = blend(x, gray(x), factor(Saturation, o.saturation));
        x = turn_hue(x, dice.between(Hue, -o.hue, o.hue));
    }
    return torch::where(dice.happens(Jitter, o.jitter_prob), x, pictures);
}

Tensor blur(const Tensor& pictures, const Dice& dice, const AugmentationOptions& o)
{
    const auto beside = (-0.5 / dice.between(Sigma, 1, 2).square()).exp(); // weight of a neighbour
    const auto along = [&](const Tensor& x, std::int64_t dim) {
        const auto n = x.size(dim) - 2;
        const auto neighbours = x.narrow(dim, 0, n) + x.narrow(dim, 2, n);
        return (x.narrow(dim, 1, n) + neighbours * beside) / (1 + 2 * beside);
    };
    const auto padded = F::pad(pictures, F::PadFuncOptions({ 1, 1, 1, 1 }).mode(torch::kReplicate));
    return torch::where(dice.happens(Blur, o.blur_prob), along(along(padded, 2), 3), pictures);
}

/// A random part at the size of the whole, mirrored or not, in one resampling.
Tensor crop_and_flip(const Tensor& x, const Dice& dice, const AugmentationOptions& o)
{
    const auto area = dice.between(CropArea, o.crop_scale_min, 1);
    const auto log_ratio = std::log(o.crop_ratio_max);
    const auto ratio = dice.between(CropRatio, -log_ratio, log_ratio).exp();
    const auto width = (area * ratio).sqrt().clamp_max(1), height = (area / ratio).sqrt().clamp_max(1);
    const auto left = dice.between(CropLeft, -1, 1) * (1 - width); // of the centre; the side is 2 units long
    const auto top = dice.between(CropTop, -1, 1) * (1 - height);
    const auto mirrored = torch::where(dice.happens(Flip, o.flip_prob), -width, width);
    const auto none = torch::zeros_like(width);
    const auto transform
        = torch::stack({ mirrored, none, left, none, height, top }, 1).view({ -1, 2, 3 }); // (b, 2, 3)
    const auto grid = F::affine_grid(transform, x.sizes(), /*align_corners=*/false);
    return F::grid_sample(x, grid,
                          F::GridSampleFuncOptions().padding_mode(torch::kBorder).align_corners(false));
}

} // namespace

Tensor augment(const Tensor& pictures, Noise& noise, const AugmentationOptions& options)
{
    const Dice dice(noise.uniform({ pictures.size(0), Draws }).to(pictures.device()));
    const auto channels = pictures.size(1);
    auto x = pictures;
    if (channels == 3 || channels == 1)
        x = jitter(x, dice, options);
    if (channels == 3)
        x = torch::where(dice.happens(Grayscale, options.grayscale_prob), gray(x).expand_as(x), x);
    return crop_and_flip(blur(x, dice, options), dice, options);
}

} // namespace reverie
