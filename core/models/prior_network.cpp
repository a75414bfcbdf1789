// SPDX-License-Identifier: MIT
#include "core/models/prior_network.h"

#include "core/base/error.h"

#include <torch/torch.h>

namespace reverie {

namespace {

/// A Sequential that may stand inside another.
class NestedImpl : public torch::nn::SequentialImpl
{
public:
    using SequentialImpl::SequentialImpl;
    Tensor forward(Tensor x) { return SequentialImpl::forward(std::move(x)); }
};
TORCH_MODULE(Nested);

/// Linear + SiLU, twice, and a linear: the continuous time's projection.
class MlpImpl : public torch::nn::Module
{
public:
    MlpImpl(std::int64_t dim_in, std::int64_t dim_out)
    {
        const auto hidden = 2 * dim_out;
        using torch::nn::Linear, torch::nn::SiLU;
        net = register_module("net",
                              torch::nn::Sequential(Nested(Linear(dim_in, hidden), SiLU()),
                                                    Nested(Linear(hidden, hidden), SiLU()),
                                                    Linear(hidden, dim_out)));
    }
    Tensor forward(const Tensor& x) { return net->forward(x); }

private:
    torch::nn::Sequential net{ nullptr };
};
TORCH_MODULE(Mlp);

torch::nn::Sequential projection(std::int64_t dim, std::int64_t tokens)
{
    torch::nn::Sequential net;
    if (tokens > 1)
        net->push_back(torch::nn::Linear(dim, dim * tokens));
    return net;
}

Tensor as_tokens(torch::nn::Sequential& net, const Tensor& x, std::int64_t tokens) // (b, d) -> (b, tokens, d)
{
    return (net->is_empty() ? x : net->forward(x)).view({ x.size(0), tokens, -1 });
}

/// Cut or padded with zeros along dimension 1.
Tensor to_length(const Tensor& x, std::int64_t length)
{
    const auto cut = x.slice(1, 0, length);
    return cut.size(1) == length ? cut : torch::constant_pad_nd(cut, { 0, 0, 0, length - cut.size(1) });
}

} // namespace

Tensor keep_mask(std::int64_t batch, double drop, Noise* noise, torch::Device device)
{
    const auto options = torch::TensorOptions(device).dtype(torch::kBool);
    if (drop <= 0)
        return torch::ones({ batch }, options);
    if (drop >= 1)
        return torch::zeros({ batch }, options);
    if (!noise)
        throw Error("Dropping conditions with a probability between 0 and 1 needs a source of noise.");
    return (noise->uniform({ batch }) < 1 - drop).to(device);
}

PriorNetworkImpl::PriorNetworkImpl(const PriorNetworkOptions& o)
    : options_(o)
    , to_text_embeds(register_module("to_text_embeds", projection(o.dim, o.num_text_embeds)))
    , to_image_embeds(register_module("to_image_embeds", projection(o.dim, o.num_image_embeds)))
{
    const auto time_dim = o.dim * o.num_time_embeds;
    to_time_embeds = register_module(
        "to_time_embeds",
        o.num_timesteps ? torch::nn::Sequential(torch::nn::Embedding(*o.num_timesteps, time_dim))
                        : torch::nn::Sequential(Nested(SinusoidalPosEmb(o.dim), Mlp(o.dim, time_dim))));
    causal_transformer
        = register_module("causal_transformer",
                          CausalTransformer(CausalTransformerOptions{ .dim = o.dim,
                                                                      .depth = o.depth,
                                                                      .dim_head = o.dim_head,
                                                                      .heads = o.heads,
                                                                      .ff_mult = o.ff_mult,
                                                                      .norm_in = o.norm_in,
                                                                      .norm_out = o.norm_out,
                                                                      .attn_dropout = o.attn_dropout,
                                                                      .ff_dropout = o.ff_dropout,
                                                                      .final_proj = o.final_proj,
                                                                      .normformer = o.normformer,
                                                                      .rotary_emb = o.rotary_emb }));
    learned_query = register_parameter("learned_query", torch::randn({ o.dim }));
    null_text_encodings
        = register_parameter("null_text_encodings", torch::randn({ 1, o.max_text_len, o.dim }));
    null_text_embeds = register_parameter("null_text_embeds", torch::randn({ 1, o.num_text_embeds, o.dim }));
    null_image_embed = register_parameter("null_image_embed", torch::randn({ 1, o.dim }));
}

Tensor PriorNetworkImpl::forward(const Tensor& image_embed, const Tensor& times, const TextCondition& text,
                                 const Tensor& self_cond, DropProbs drop, Noise* noise)
{
    const auto b = image_embed.size(0);
    const auto text_keep = keep_mask(b, drop.text, noise, image_embed.device());
    const auto image_keep = keep_mask(b, drop.image, noise, image_embed.device());
    return forward_masked(image_embed, times, text, self_cond, text_keep, image_keep);
}

Tensor PriorNetworkImpl::forward_with_cond_scale(const Tensor& image_embed, const Tensor& times,
                                                 const TextCondition& text, const Tensor& self_cond,
                                                 double cond_scale, const TextCondition* negative)
{
    if (cond_scale == 1)
        return forward(image_embed, times, text, self_cond);
    const auto stacked = [](const Tensor& x, const Tensor& other) {
        return x.defined() ? torch::cat({ x, other }) : x;
    };
    const auto twice = [&](const Tensor& x) { return stacked(x, x); };
    const auto b = image_embed.size(0);
    const auto keep = torch::arange(2 * b, times.options()) < (negative ? 2 * b : b);
    const auto& other = negative ? *negative : text;
    const TextCondition doubled{ stacked(text.text_embed, other.text_embed),
                                 stacked(text.text_encodings, other.text_encodings) };
    const auto both
        = forward_masked(twice(image_embed), twice(times), doubled, twice(self_cond), keep, keep).chunk(2);
    return both[1] + (both[0] - both[1]) * cond_scale;
}

Tensor PriorNetworkImpl::forward_masked(const Tensor& image_embed, const Tensor& times,
                                        const TextCondition& text, const Tensor& self_cond,
                                        const Tensor& text_keep, const Tensor& image_keep)
{
    const auto& o = options_;
    const auto b = image_embed.size(0);
    const auto per_token = [](const Tensor& keep) { return keep.unsqueeze(-1).unsqueeze(-1); }; // (b, 1, 1)

    auto encodings = null_text_encodings.expand({ b, -1, -1 }); // (b, max_text_len, d)
    if (text.text_encodings.defined()) {
        const auto given = to_length(text.text_encodings, o.max_text_len);
        const auto present = (given != 0).any(-1, /*keepdim=*/true);
        encodings = torch::where(present & per_token(text_keep), given, encodings);
    }
    auto text_embeds = as_tokens(to_text_embeds, text.text_embed, o.num_text_embeds); // (b, t, d)
    text_embeds = torch::where(per_token(text_keep), text_embeds, null_text_embeds);
    auto image_embeds = as_tokens(to_image_embeds, image_embed, o.num_image_embeds); // (b, i, d)
    image_embeds = torch::where(per_token(image_keep), image_embeds, null_image_embed);
    const auto time_embeds = to_time_embeds->forward(times).view({ b, o.num_time_embeds, o.dim });

    std::vector<Tensor> tokens{ encodings, text_embeds, time_embeds, image_embeds };
    if (o.self_cond)
        tokens.push_back((self_cond.defined() ? self_cond : torch::zeros_like(image_embed)).unsqueeze(1));
    tokens.push_back(learned_query.expand({ b, 1, -1 }));
    return causal_transformer(torch::cat(tokens, 1)).select(1, -1); // (b, d)
}

} // namespace reverie
