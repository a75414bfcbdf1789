// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

using torch::Tensor;

// The layers of OpenAI's guided diffusion (Dhariwal & Nichol 2021), under the names of its files.

struct AdmResBlockOptions {
    enum class Resample { None, Down, Up };
    std::int64_t dim_in = 0, dim_out = 0;
    std::int64_t embed_dim = 0; ///< width of the embedding of time and conditions
    std::int64_t groups = 32;
    bool scale_shift = true; ///< the embedding scales and shifts the second norm; else it is added before it
    Resample resample = Resample::None; ///< halves the sides by averaging, or doubles them by repetition
};

/// A residual block that is told the time and may change the resolution.
class AdmResBlockImpl : public torch::nn::Module
{
public:
    explicit AdmResBlockImpl(const AdmResBlockOptions& options);
    Tensor forward(const Tensor& x, const Tensor& embed); // (b, dim_in, h, w), (b, embed_dim)

private:
    [[nodiscard]] Tensor resampled(const Tensor& x) const;

    AdmResBlockOptions options_;
    torch::nn::GroupNorm norm_in{ nullptr }, norm_out{ nullptr };
    torch::nn::Conv2d conv_in{ nullptr }, conv_out{ nullptr }, skip_connection{ nullptr };
    torch::nn::Linear embed_to_channels{ nullptr };
};
TORCH_MODULE(AdmResBlock);

struct AdmAttentionOptions {
    std::int64_t dim = 0;
    std::int64_t dim_head = 64;
    std::int64_t groups = 32;
    std::int64_t token_dim = 0; ///< width of the tokens that are attended to beside the pixels; 0: none
};

/// Every pixel attends to all pixels and to the condition's tokens at once.
class AdmAttentionImpl : public torch::nn::Module
{
public:
    explicit AdmAttentionImpl(const AdmAttentionOptions& options);
    /// x (b, dim, h, w), tokens (b, token_dim, n), token_bias (b, n): 0, or -inf for padding.
    Tensor forward(const Tensor& x, const Tensor& tokens = {}, const Tensor& token_bias = {});

private:
    std::int64_t heads_;
    torch::nn::GroupNorm norm{ nullptr };
    torch::nn::Conv1d qkv{ nullptr }, encoder_kv{ nullptr }, proj_out{ nullptr };
};
TORCH_MODULE(AdmAttention);

/// One entry of a U-Net's way: a residual block, then attention and a second residual block where it has
/// them.
struct AdmBlock {
    AdmResBlock first{ nullptr };
    AdmAttention attention{ nullptr };
    AdmResBlock second{ nullptr };

    Tensor forward(const Tensor& x, const Tensor& embed, const Tensor& tokens, const Tensor& token_bias);
    /// Its layers as children "0", "1", ... of one module.
    [[nodiscard]] std::shared_ptr<torch::nn::Module> module() const;
};

/// A module with the given children; empty ones are left out.
std::shared_ptr<torch::nn::Module>
module_of(const std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>>& children);

} // namespace reverie
