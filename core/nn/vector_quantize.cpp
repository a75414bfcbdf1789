// SPDX-License-Identifier: MIT
#include "core/nn/vector_quantize.h"

#include "core/base/error.h"
#include "core/nn/normalization.h"

#include <torch/torch.h>

#include <numeric>

namespace reverie {

namespace {

/// `count` rows of (n, d): different ones if there are as many.
Tensor sampled_rows(const Tensor& rows, std::int64_t count, Noise& noise)
{
    const auto n = rows.size(0);
    std::vector<std::int64_t> order(static_cast<std::size_t>(n)), chosen;
    std::iota(order.begin(), order.end(), 0);
    for (std::int64_t i = 0; i < count; ++i) {
        const auto place = noise.pick(count <= n ? i : 0, n);
        if (count <= n)
            std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(place)]);
        chosen.push_back(order[static_cast<std::size_t>(count <= n ? i : place)]);
    }
    return rows.index_select(0, torch::tensor(chosen).to(rows.device()));
}

/// Per book, how many vectors each code got and their sum: (books, size), (books, size, dim).
std::pair<Tensor, Tensor> gathered(const Tensor& x, const Tensor& indices, std::int64_t size)
{
    const auto count = torch::zeros({ x.size(0), size }, x.options())
                           .scatter_add(1, indices, torch::ones_like(indices).to(x.scalar_type()));
    const auto sum = torch::zeros({ x.size(0), size, x.size(2) }, x.options())
                         .scatter_add(1, indices.unsqueeze(-1).expand_as(x), x);
    return { count, sum };
}

} // namespace

CodebookImpl::CodebookImpl(const CodebookOptions& options)
    : options_(options)
{
    if (options.size < 1 || options.dim < 1)
        throw UsageError("A codebook needs codes of at least one number, not " + std::to_string(options.size)
                         + " of " + std::to_string(options.dim) + ".");
    auto codes = torch::zeros({ options.books, options.size, options.dim });
    if (!options.kmeans_init) {
        torch::nn::init::kaiming_uniform_(codes);
        codes = options.cosine_sim ? l2norm(codes) : codes;
    }
    initted = register_buffer("initted", torch::full({ 1 }, options.kmeans_init ? 0. : 1.));
    cluster_size = register_buffer("cluster_size", torch::zeros({ options.books, options.size }));
    embed_avg = register_buffer("embed_avg", codes.clone());
    embed = register_buffer("embed", codes);
}

Tensor CodebookImpl::nearest(const Tensor& x, const Tensor& codes) const
{
    const auto product = x.matmul(codes.transpose(1, 2)); // (books, n, size)
    if (options_.cosine_sim)
        return product.argmax(-1);
    // |x|^2 is the same for every code.
    return (codes.square().sum(-1).unsqueeze(1) - 2 * product).argmin(-1);
}

CodebookImpl::Codes CodebookImpl::forward(const Tensor& x)
{
    if (initted.item<float>() == 0)
        throw Error("The codebook of this VQGAN-VAE was never learnt; train it or load its weights.");
    const auto indices = nearest(x, embed);
    return { embed.gather(1, indices.unsqueeze(-1).expand({ -1, -1, options_.dim })), indices };
}

void CodebookImpl::init_from(const Tensor& x, Noise& noise)
{
    if (initted.item<float>() != 0)
        return;
    torch::NoGradGuard no_grad;
    std::vector<Tensor> first;
    for (std::int64_t book = 0; book < options_.books; ++book)
        first.push_back(sampled_rows(x[book], options_.size, noise));
    auto means = torch::stack(first); // (books, size, dim)
    Tensor count;
    for (std::int64_t i = 0; i < options_.kmeans_iters; ++i) {
        const auto [members, sum] = gathered(x, nearest(x, means), options_.size);
        count = members;
        auto moved = sum / members.clamp_min(1).unsqueeze(-1);
        moved = options_.cosine_sim ? l2norm(moved) : moved;
        means = torch::where((members == 0).unsqueeze(-1), means, moved);
    }
    embed.copy_(means);
    if (count.defined()) {
        cluster_size.copy_(count);
        embed_avg.copy_(means * count.unsqueeze(-1));
    }
    initted.fill_(1.);
}

void CodebookImpl::learn(const Tensor& x, const Tensor& indices, Noise& noise)
{
    torch::NoGradGuard no_grad;
    const auto [count, sum] = gathered(x, indices, options_.size);
    cluster_size.lerp_(count, 1 - options_.decay);
    embed_avg.lerp_(sum, 1 - options_.decay);
    const auto total = cluster_size.sum(-1, /*keepdim=*/true);
    const auto smoothed = (cluster_size + options_.eps)
        / (total + static_cast<double>(options_.size) * options_.eps) * total; // (books, size)
    const auto mean = embed_avg / smoothed.unsqueeze(-1);
    embed.copy_(options_.cosine_sim ? l2norm(mean) : mean);
    if (options_.threshold_ema_dead_code > 0)
        replace_dead_codes(x, noise);
}

void CodebookImpl::replace_dead_codes(const Tensor& x, Noise& noise)
{
    const auto dead = cluster_size < options_.threshold_ema_dead_code;
    for (std::int64_t book = 0; book < options_.books; ++book) {
        const auto which = dead[book].nonzero().flatten();
        if (which.numel() == 0)
            continue;
        const auto fresh = sampled_rows(x[book], which.numel(), noise);
        embed[book].index_copy_(0, which, fresh);
        embed_avg[book].index_copy_(0, which, fresh * options_.threshold_ema_dead_code);
        cluster_size[book].index_fill_(0, which, options_.threshold_ema_dead_code);
    }
}

VectorQuantizeImpl::VectorQuantizeImpl(const VectorQuantizeOptions& options)
    : options_(options)
{
    auto& o = options_;
    o.codebook.books = o.separate_codebook_per_head ? o.heads : 1;
    const auto inner = o.codebook.dim * o.heads;
    if (inner != o.dim) {
        project_in = register_module("project_in", torch::nn::Linear(o.dim, inner));
        project_out = register_module("project_out", torch::nn::Linear(inner, o.dim));
    }
    codebook_ = register_module("_codebook", Codebook(o.codebook));
}

Tensor VectorQuantizeImpl::codebook() const
{
    return options_.codebook.books > 1 ? codebook_->embed : codebook_->embed[0];
}

Tensor VectorQuantizeImpl::by_book(const Tensor& x) const
{
    const auto d = options_.codebook.dim;
    const auto split = x.reshape({ x.size(0), x.size(1), options_.heads, d });
    return options_.codebook.books > 1 ? split.permute({ 2, 0, 1, 3 }).reshape({ options_.heads, -1, d })
                                       : split.reshape({ 1, -1, d });
}

Tensor VectorQuantizeImpl::by_sample(const Tensor& x, std::int64_t batch) const
{
    const auto d = x.size(-1);
    const auto heads_last = options_.codebook.books > 1
        ? x.reshape({ options_.heads, batch, -1, d }).permute({ 1, 2, 0, 3 })
        : x.reshape({ batch, -1, options_.heads, d });
    return heads_last.flatten(2); // (b, n, heads * d)
}

Tensor VectorQuantizeImpl::whole(const Tensor& by_book) const
{
    return whole_ ? whole_(by_book.transpose(0, 1).contiguous()).transpose(0, 1) : by_book;
}

VectorQuantizeImpl::Result VectorQuantizeImpl::forward(const Tensor& fmap, Noise* learn_with)
{
    const auto b = fmap.size(0), height = fmap.size(2), width = fmap.size(3);
    auto features = fmap.flatten(2).transpose(1, 2); // (b, n, dim)
    if (project_in)
        features = project_in(features);
    auto x = by_book(features).to(torch::kFloat32); // (books, m, d)
    if (options_.codebook.cosine_sim)
        x = l2norm(x);

    const bool learns = is_training() && learn_with;
    const auto seen = learns ? whole(x.detach()) : Tensor();
    if (learns)
        codebook_->init_from(seen, *learn_with);
    const auto codes = codebook_(x);
    if (learns)
        codebook_->learn(seen, whole(codes.indices), *learn_with);

    auto quantized = codes.vectors;
    auto commit_loss = torch::zeros({ 1 }, x.options());
    if (is_training()) {
        commit_loss = commit_loss + options_.commitment_weight * torch::mse_loss(x, codes.vectors);
        quantized = x + (codes.vectors - x).detach(); // straight through
    }
    quantized = by_sample(quantized, b).to(fmap.scalar_type());
    if (project_out)
        quantized = project_out(quantized);
    auto indices = by_sample(codes.indices.unsqueeze(-1), b).view({ b, height, width, options_.heads });
    if (options_.heads == 1)
        indices = indices.squeeze(-1);
    return { quantized.transpose(1, 2).reshape({ b, -1, height, width }), indices, commit_loss };
}

} // namespace reverie
