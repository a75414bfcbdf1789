// SPDX-License-Identifier: MIT
#include "core/models/visual_ssl.h"

#include "core/base/error.h"

#include <torch/torch.h>

#include <limits>

namespace reverie {

namespace {

using torch::nn::BatchNorm1d;
using torch::nn::Linear;
using torch::nn::LinearOptions;
using torch::nn::ReLU;

enum Part : std::int64_t { Everything = -1, Patches = 0, KeptPatches = 2, Encodings = 3, Cls = 4 };

constexpr std::int64_t parts = 5; ///< of the tower, the positions (1) among them

std::int64_t part_of(std::int64_t hidden_layer)
{
    const auto part = hidden_layer < Everything ? hidden_layer + parts : hidden_layer;
    if (part < Everything || part == 1 || part >= parts)
        throw UsageError(
            "clip.visual_ssl_hidden_layer is " + std::to_string(hidden_layer)
            + " and the image tower's parts are 0, 2, 3 and 4; choose one, or -1 for its output.");
    return part;
}

std::int64_t width_of(const ClipVisionTransformer& tower, std::int64_t part, std::int64_t dim)
{
    switch (part) {
    case Patches:
        return tower->num_patches() * dim;
    case KeptPatches:
    case Encodings:
        return tower->kept_in_training(tower->num_patches()) * dim;
    default:
        return dim;
    }
}

Linear without_bias(std::int64_t in, std::int64_t out)
{
    return Linear(LinearOptions(in, out).bias(false));
}

/// SimSiam's projector, which the reference's SimCLR uses too.
torch::nn::Sequential projector_of(std::int64_t dim, std::int64_t hidden, std::int64_t size)
{
    return torch::nn::Sequential(without_bias(dim, hidden), BatchNorm1d(hidden), ReLU(),
                                 without_bias(hidden, hidden), BatchNorm1d(hidden), ReLU(),
                                 without_bias(hidden, size),
                                 BatchNorm1d(torch::nn::BatchNorm1dOptions(size).affine(false)));
}

Tensor distance(const Tensor& prediction, const Tensor& target)
{
    return 2 - 2 * (l2norm(prediction) * l2norm(target)).sum(-1);
}

} // namespace

SslEncoderImpl::SslEncoderImpl(ClipVisionTransformer tower, const VisualSslOptions& o)
    : hidden_layer_(part_of(o.hidden_layer))
    , net(register_module("net", std::move(tower)))
    , projector(register_module(
          "projector",
          projector_of(width_of(net, hidden_layer_, o.dim), o.projection_hidden_size, o.projection_size)))
{
}

Tensor SslEncoderImpl::representation(const Tensor& image, Noise& noise)
{
    if (hidden_layer_ == Everything)
        return net(image, &noise).flatten(0, 1); // (b * (1 + m), dim)
    const auto stages = net->stages(image, &noise);
    const auto& part = hidden_layer_ == Patches ? stages.tokens
        : hidden_layer_ == KeptPatches          ? stages.kept
        : hidden_layer_ == Encodings            ? stages.encodings
                                                : stages.cls;
    return part.flatten(1); // (b, m * dim)
}

Tensor SslEncoderImpl::forward(const Tensor& image, Noise& noise, const AllRows& all_rows)
{
    const auto rows = rows_of_all(all_rows, representation(image, noise));
    if (is_training() && rows.size(0) == 1)
        throw UsageError(
            "Visual self-supervision compares the pictures of a batch; train with a batch of at least 2.");
    return projector->forward(rows);
}

SimSiamImpl::SimSiamImpl(const ClipVisionTransformer& tower, const VisualSslOptions& o)
{
    register_module("net", tower);
    online_encoder = register_module("online_encoder", SslEncoder(tower, o));
    online_predictor
        = register_module("online_predictor",
                          torch::nn::Sequential(Linear(o.projection_size, o.projection_hidden_size),
                                                BatchNorm1d(o.projection_hidden_size), ReLU(),
                                                Linear(o.projection_hidden_size, o.projection_size)));
}

Tensor SimSiamImpl::loss(const Tensor& view1, const Tensor& view2, Noise& noise, const AllRows& all_rows)
{
    const auto prediction1 = online_encoder(view1, noise, all_rows),
               prediction2 = online_encoder(view2, noise, all_rows);
    const auto p1 = online_predictor->forward(prediction1), p2 = online_predictor->forward(prediction2);
    const auto held_still = [&](const Tensor& view) { // other patches may be dropped this time
        const torch::NoGradGuard no_grad;
        return online_encoder(view, noise, all_rows);
    };
    const auto z1 = held_still(view1), z2 = held_still(view2);
    return (distance(p1, z2) + distance(p2, z1)).mean();
}

SimClrImpl::SimClrImpl(const ClipVisionTransformer& tower, const VisualSslOptions& o, double temperature)
    : temperature_(temperature)
    , net(register_module("net", SslEncoder(tower, o)))
{
}

Tensor SimClrImpl::loss(const Tensor& view1, const Tensor& view2, Noise& noise, const AllRows& all_rows)
{
    const auto queries = net(view1, noise, all_rows), keys = net(view2, noise, all_rows);
    return nt_xent_loss(queries, keys, temperature_);
}

Tensor nt_xent_loss(const Tensor& queries, const Tensor& keys, double temperature)
{
    const auto rows = torch::cat({ queries, keys }); // (2 n, d)
    const auto n = queries.size(0);
    const auto itself = torch::eye(2 * n, rows.options().dtype(torch::kBool));
    const auto logits
        = (rows.matmul(rows.t()) / temperature).masked_fill(itself, -std::numeric_limits<float>::infinity());
    const auto row = torch::arange(n, rows.options().dtype(torch::kLong));
    return torch::cross_entropy_loss(logits, torch::cat({ row + n, row }));
}

} // namespace reverie
