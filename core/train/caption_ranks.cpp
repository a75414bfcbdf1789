// SPDX-License-Identifier: MIT
#include "core/train/caption_ranks.h"

#include <torch/torch.h>

namespace reverie {

std::map<std::string, double> caption_ranks(const Corpus& corpus, const Rows& rows, const std::string& split)
{
    constexpr std::size_t fewest = 50, most = 512;
    const auto looked_at = spread(rows, most);
    if (looked_at.size() < fewest)
        return {};
    const torch::NoGradGuard no_grad;
    const auto texts = corpus.take(corpus.text_embed, looked_at);
    const auto similarity = texts.matmul(corpus.take(corpus.image_embed, looked_at).t());
    const auto own = similarity.diagonal().unsqueeze(1);
    const auto others_equal = (similarity == own).sum(1) - 1; // among those it is in the middle
    const auto place = (similarity > own).sum(1).to(torch::kFloat) + others_equal.to(torch::kFloat) / 2;
    const auto depth = place / double(looked_at.size() - 1); // 0: the nearest, 1: the farthest
    const auto share = [&depth](double from, double to) {
        return ((depth >= from) & (depth < to)).to(torch::kFloat).mean().item<double>();
    };
    return { { split + "_rank_best_tenth", share(0, 0.1) },
             { split + "_rank_second_quarter", share(0.25, 0.5) },
             { split + "_rank_last_quarter", share(0.75, 1.1) } };
}

} // namespace reverie
