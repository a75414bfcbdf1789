// SPDX-License-Identifier: MIT
#include "core/models/outpainting.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

std::string sides(std::int64_t height, std::int64_t width)
{
    return std::to_string(width) + " x " + std::to_string(height);
}

constexpr std::int64_t most_windows = 4096;

/// How many steps lead from the first window to the last of those that cover `length` and share at least
/// `overlap` of their side.
std::int64_t gaps_between(std::int64_t length, std::int64_t window, double overlap)
{
    const auto stride = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::floor(static_cast<double>(window) * (1 - overlap))));
    return (length - window + stride - 1) / stride;
}

/// Their evenly spaced beginnings.
std::vector<std::int64_t> starts(std::int64_t length, std::int64_t window, double overlap)
{
    const auto gaps = gaps_between(length, window, overlap);
    std::vector<std::int64_t> all{ 0 };
    for (std::int64_t i = 1; i <= gaps; ++i)
        all.push_back((length - window) * i / gaps);
    return all;
}

Tensor part(const Tensor& frame, const OutpaintWindow& window, std::int64_t height, std::int64_t width)
{
    return frame.slice(-2, window.top, window.top + height).slice(-1, window.left, window.left + width);
}

} // namespace

std::vector<OutpaintWindow> outpaint_windows(std::int64_t height, std::int64_t width, std::int64_t top,
                                             std::int64_t left, std::int64_t known_height,
                                             std::int64_t known_width, std::int64_t window, double overlap)
{
    const auto count
        = (gaps_between(height, window, overlap) + 1) * (gaps_between(width, window, overlap) + 1);
    if (count > most_windows)
        throw UsageError("That frame takes " + std::to_string(count) + " windows of " + std::to_string(window)
                         + " pixels, and " + std::to_string(most_windows)
                         + " are the most; choose a smaller frame or overlap.");
    std::vector<OutpaintWindow> waiting, order;
    for (const auto y : starts(height, window, overlap))
        for (const auto x : starts(width, window, overlap))
            waiting.push_back({ y, x });
    auto known = torch::zeros({ height, width }, torch::kBool);
    part(known, { top, left }, known_height, known_width).fill_(true);
    const auto known_pixels = [&](const OutpaintWindow& one) {
        return part(known, one, window, window).sum().item<std::int64_t>();
    };
    std::vector<std::int64_t> shares;
    std::transform(waiting.begin(), waiting.end(), std::back_inserter(shares), known_pixels);
    while (!waiting.empty()) {
        const auto best = std::max_element(shares.begin(), shares.end()); // the first of equals
        const auto next = waiting.begin() + (best - shares.begin());
        const auto drawn = *next;
        const bool whole = *best == window * window;
        waiting.erase(next);
        shares.erase(best);
        if (whole)
            continue;
        order.push_back(drawn);
        part(known, drawn, window, window).fill_(true);
        for (std::size_t i = 0; i < waiting.size(); ++i)
            if (std::abs(waiting[i].top - drawn.top) < window
                && std::abs(waiting[i].left - drawn.left) < window)
                shares[i] = known_pixels(waiting[i]);
    }
    return order;
}

Tensor outpaint(DecoderImpl& decoder, const Tensor& picture, const DecoderCondition& condition,
                const Outpainting& outpainting, const BeforeWindowStage& before_stage)
{
    torch::NoGradGuard no_grad;
    const auto b = picture.size(0), c = picture.size(1), h = picture.size(2), w = picture.size(3);
    const auto height = outpainting.height > 0 ? outpainting.height : h * 2;
    const auto width = outpainting.width > 0 ? outpainting.width : w * 2;
    const auto top = outpainting.top.value_or((height - h) / 2);
    const auto left = outpainting.left.value_or((width - w) / 2);
    const auto last = outpainting.sampling.stop_at_unet_number;
    const auto window = decoder.image_size(last > 0 ? last : decoder.num_unets());
    if (top < 0 || left < 0 || top + h > height || left + w > width)
        throw UsageError("A frame of " + sides(height, width) + " does not hold a picture of " + sides(h, w)
                         + " at " + std::to_string(left) + ", " + std::to_string(top) + ".");
    if (height < window || width < window)
        throw UsageError("This model draws " + sides(window, window) + " at a time, so a frame of "
                         + sides(height, width) + " is too small.");
    if (!(outpainting.overlap >= 0 && outpainting.overlap < 1))
        throw UsageError("The overlap of outpainting's windows lies from 0 to below 1.");

    auto frame = torch::zeros({ b, c, height, width }, picture.options());
    auto known = torch::zeros({ 1, height, width }, picture.options().dtype(torch::kBool));
    part(frame, { top, left }, h, w).copy_(picture);
    part(known, { top, left }, h, w).fill_(true);
    const auto windows = outpaint_windows(height, width, top, left, h, w, window, outpainting.overlap);
    const auto count = static_cast<std::int64_t>(windows.size());
    for (std::int64_t i = 0; i < count; ++i) {
        const auto& one = windows[static_cast<std::size_t>(i)];
        auto pixels = part(frame, one, window, window), mask = part(known, one, window, window);
        auto sampling = outpainting.sampling;
        sampling.inpaint_image = pixels.clone();
        sampling.inpaint_mask = mask.clone();
        const auto drawn = decoder.sample(b, condition, sampling, [&](std::int64_t unet_number) -> Noise& {
            return before_stage(i, unet_number);
        });
        if (sampling.stop.stop_requested())
            break;
        pixels.copy_(torch::where(mask.unsqueeze(1), pixels, drawn.to(pixels.options())));
        mask.fill_(true);
        if (outpainting.on_window)
            outpainting.on_window(i + 1, count, frame);
    }
    return frame;
}

} // namespace reverie
