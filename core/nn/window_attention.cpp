// SPDX-License-Identifier: MIT
#include "core/nn/window_attention.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

WindowAttentionImpl::WindowAttentionImpl(const AttentionOptions& options, Windows windows,
                                         std::int64_t window)
    : windows_(windows)
    , window_(window)
    , attn(register_module("attn", Attention(options)))
    , rel_pos_bias(
          register_parameter("rel_pos_bias", torch::zeros({ 2 * window - 1, 2 * window - 1, options.heads })))
{
}

/// (heads, n, 1 + n) with n = height * width; nothing is added for the null key.
Tensor WindowAttentionImpl::bias(std::int64_t height, std::int64_t width) const
{
    const auto options = torch::TensorOptions(rel_pos_bias.device()).dtype(torch::kInt64);
    const auto pixel = torch::arange(height * width, options);
    const auto y = torch::div(pixel, width, "floor"), x = pixel.remainder(width);
    const auto offset = [&](const Tensor& p) { return p.unsqueeze(1) - p.unsqueeze(0) + window_ - 1; };
    const auto table = rel_pos_bias.index({ offset(y), offset(x) }).permute({ 2, 0, 1 }); // (heads, n, n)
    return torch::constant_pad_nd(table, { 1, 0 });
}

Tensor WindowAttentionImpl::forward(const Tensor& fmap)
{
    const auto b = fmap.size(0), c = fmap.size(1), h = fmap.size(2), w = fmap.size(3);
    const auto wh = std::min(window_, h), ww = std::min(window_, w);
    if (h % wh != 0 || w % ww != 0)
        throw UsageError("Windows of " + std::to_string(window_) + " pixels do not divide a feature map of "
                         + std::to_string(w) + "x" + std::to_string(h) + "; choose another attn_window.");
    const auto rows = h / wh, columns = w / ww;
    const bool grid = windows_ == Windows::Grid;
    const auto tiled = grid ? fmap.reshape({ b, c, wh, rows, ww, columns }).permute({ 0, 3, 5, 2, 4, 1 })
                            : fmap.reshape({ b, c, rows, wh, columns, ww }).permute({ 0, 2, 4, 3, 5, 1 });
    const auto x = tiled.reshape({ b * rows * columns, wh * ww, c }); // (windows, pixels, c)
    const auto y = (attn(x, bias(wh, ww)) + x).view({ b, rows, columns, wh, ww, c });
    const auto back = grid ? y.permute({ 0, 5, 3, 1, 4, 2 }) : y.permute({ 0, 5, 1, 3, 2, 4 });
    return back.reshape({ b, c, h, w });
}

MaxVitAttentionImpl::MaxVitAttentionImpl(const AttentionOptions& options, std::int64_t window)
    : block(register_module("block", WindowAttention(options, Windows::Block, window)))
    , grid(register_module("grid", WindowAttention(options, Windows::Grid, window)))
{
}

} // namespace reverie
