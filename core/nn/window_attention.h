// SPDX-License-Identifier: MIT
#pragma once

#include "core/nn/attention.h"

namespace reverie {

/// Which pixels attend to each other (MaxViT, Tu et al. 2022): those of a block of neighbours, or those of a
/// grid that is spread over the whole map.
enum class Windows { Block, Grid };

/// Residual self-attention within windows of `window` x `window` pixels of (b, c, h, w), with a learned bias
/// for every relative position. Smaller maps are one window. Its cost is linear in the pixels.
class WindowAttentionImpl : public torch::nn::Module
{
public:
    WindowAttentionImpl(const AttentionOptions& options, Windows windows, std::int64_t window);
    /// Throws UsageError if windows don't divide the map.
    Tensor forward(const Tensor& fmap);

private:
    [[nodiscard]] Tensor bias(std::int64_t height, std::int64_t width) const;

    Windows windows_;
    std::int64_t window_;
    Attention attn{ nullptr };
    Tensor rel_pos_bias; ///< (2 window - 1, 2 window - 1, heads)
};
TORCH_MODULE(WindowAttention);

/// Block, then grid attention: together they reach every pixel.
class MaxVitAttentionImpl : public torch::nn::Module
{
public:
    MaxVitAttentionImpl(const AttentionOptions& options, std::int64_t window);
    Tensor forward(const Tensor& fmap) { return grid(block(fmap)); }

private:
    WindowAttention block{ nullptr }, grid{ nullptr };
};
TORCH_MODULE(MaxVitAttention);

} // namespace reverie
