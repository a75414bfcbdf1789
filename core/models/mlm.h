// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/all_rows.h"
#include "core/nn/clip_transformer.h"

#include <vector>

namespace reverie {

struct MlmOptions {
    std::int64_t dim = 512; ///< of the text tower
    std::int64_t num_tokens = 10000; ///< vocabulary, without an embedding added for the mask
    double mask_prob = 0.15; ///< share of a text's tokens that are to be guessed
    double replace_prob = 0.9; ///< share of those that the mask token hides; the rest stay readable
    double random_token_prob = 0; ///< share of all tokens that become random ones
    std::int64_t mask_token_id = 2;
    std::int64_t pad_token_id = 0; ///< never to be guessed
    std::vector<std::int64_t> mask_ignore_token_ids; ///< nor are these
};

/// Which tokens of int64 (b, n) are to be guessed: of each row the share `prob` of those that `maskable`
/// allows, rounded up, by the largest of `draws` (b, n). (b, n) bool. As in the reference, a row whose first
/// tokens may not be masked gets as many more.
Tensor masked_subset(const Tensor& maskable, double prob, const Tensor& draws);

/// Masked language modelling (Devlin et al. 2018) on CLIP's text tower.
class MlmImpl : public torch::nn::Module
{
public:
    MlmImpl(ClipTextTransformer text_transformer, const MlmOptions& options);

    /// Cross entropy of the tokens to be guessed: (). text int64 (b, n); mask (b, n), true where there is a
    /// token.
    Tensor loss(const Tensor& text, const Tensor& mask, Noise& noise, const AllRows& all_rows = {});

private:
    [[nodiscard]] Tensor may_be_masked(const Tensor& text) const;

    MlmOptions options_;
    ClipTextTransformer transformer{ nullptr };
    torch::nn::Linear to_logits{ nullptr };
};
TORCH_MODULE(Mlm);

} // namespace reverie
