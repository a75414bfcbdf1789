// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/decoder.h"

namespace reverie {

struct Outpainting {
    std::int64_t height = 0, width = 0; ///< of the frame; 0: twice the picture's
    std::optional<std::int64_t> top, left; ///< where the picture lies in it; none: in the middle
    double overlap
        = 0.5; ///< least share of a window's side that it has in common with its neighbour, 0 .. < 1
    DecoderSampling sampling; ///< guidance, steps, resample_times, on_step, stop; its pictures are set here
    /// A window is finished: how many are, of how many, and the frame (b, c, height, width); what is not
    /// drawn yet is 0.
    std::function<void(std::int64_t window, std::int64_t windows, const Tensor& frame)> on_window;
};

/// A square of the frame, as large as the decoder's pictures.
struct OutpaintWindow {
    std::int64_t top, left;
};

/// Called before a window's stage draws its first noise.
using BeforeWindowStage = std::function<Noise&(std::int64_t window, std::int64_t unet_number)>;

/// The windows that fill a frame of height x width around a known rectangle, in the order they are drawn:
/// next always the one of which the most is known, the upper left one of several. Throws UsageError for more
/// than 4096.
std::vector<OutpaintWindow> outpaint_windows(std::int64_t height, std::int64_t width, std::int64_t top,
                                             std::int64_t left, std::int64_t known_height,
                                             std::int64_t known_width, std::int64_t window, double overlap);

/// Draws what lies around pictures (b, c, h, w): the decoder inpaints overlapping windows of the frame, and
/// each keeps what the picture and the windows before it left there, so that seams agree and the picture
/// stays as it is. The condition says what to draw, as in DecoderImpl::sample. Returns (b, c, height, width);
/// when stopped, what is not drawn yet is 0. Throws UsageError for a frame smaller than the picture or than a
/// window, or of more than 4096 windows.
Tensor outpaint(DecoderImpl& decoder, const Tensor& picture, const DecoderCondition& condition,
                const Outpainting& outpainting, const BeforeWindowStage& before_stage);

} // namespace reverie
