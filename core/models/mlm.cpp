// SPDX-License-Identifier: MIT
#include "core/models/mlm.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

Tensor masked_subset(const Tensor& maskable, double prob, const Tensor& draws)
{
    const auto most = static_cast<std::int64_t>(std::ceil(prob * static_cast<double>(maskable.size(1))));
    const auto wanted = (maskable.sum(-1, /*keepdim=*/true) * prob).ceil(); // (b, 1)
    const auto within = (maskable.cumsum(-1) <= wanted).slice(1, 0, most); // (b, most)
    const auto largest = std::get<1>(draws.masked_fill(maskable.logical_not(), -1).topk(most, -1));
    return torch::zeros_like(maskable).scatter(1, largest, within).logical_and(maskable);
}

MlmImpl::MlmImpl(ClipTextTransformer text_transformer, const MlmOptions& o)
    : options_(o)
    , transformer(register_module("transformer", std::move(text_transformer)))
    , to_logits(register_module("to_logits", torch::nn::Linear(o.dim, o.num_tokens)))
{
}

Tensor MlmImpl::may_be_masked(const Tensor& text) const
{
    auto result = text != options_.pad_token_id;
    for (const auto id : options_.mask_ignore_token_ids)
        result = result.logical_and(text != id);
    return result;
}

Tensor MlmImpl::loss(const Tensor& text, const Tensor& mask, Noise& noise, const AllRows& all_rows)
{
    const auto uniform = [&] { return noise.uniform(text.sizes()).to(text.device()); };
    const auto guessed = masked_subset(may_be_masked(text), options_.mask_prob, uniform()); // (b, n)
    const auto labels = text.masked_fill(guessed.logical_not(), options_.pad_token_id);
    auto hidden = guessed;
    auto input = text;
    if (options_.random_token_prob > 0) {
        const auto chosen = uniform() < options_.random_token_prob;
        const auto tokens = noise.integers(options_.num_tokens, text.sizes()).to(text.device());
        const auto random = chosen.logical_and(may_be_masked(tokens));
        input = torch::where(random, tokens, input);
        hidden = hidden.logical_and(random.logical_not());
    }
    hidden = hidden.logical_and(uniform() < options_.replace_prob);
    input = input.masked_fill(hidden, options_.mask_token_id);
    const auto encoded = transformer(input, mask).slice(1, -text.size(1)); // (b, n, dim), without [cls]
    const auto logits = to_logits(encoded).transpose(1, 2); // (b, num_tokens, n)
    auto options = torch::nn::functional::CrossEntropyFuncOptions().ignore_index(options_.pad_token_id);
    if (!all_rows)
        return torch::nn::functional::cross_entropy(logits, labels, options);
    const auto losses
        = torch::nn::functional::cross_entropy(logits, labels, options.reduction(torch::kNone)); // (b, n)
    const auto counts = (labels != options_.pad_token_id).sum(-1);
    const auto sums = all_rows(torch::stack({ losses.sum(-1), counts.to(losses.dtype()) }, 1)).sum(0); // (2)
    return sums[0] / sums[1];
}

} // namespace reverie
