// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/all_rows.h"
#include "core/nn/clip_transformer.h"

namespace reverie {

struct VisualSslOptions {
    std::int64_t dim = 512; ///< of the image tower
    /// What of the image tower is compared: -1 everything it gives, token by token; otherwise the output of
    /// one part for a picture as a whole: 0 its patches, 2 (-3) those that dropout leaves, 3 (-2) its
    /// transformer's, 4 its [cls].
    std::int64_t hidden_layer = -1;
    std::int64_t projection_size = 256;
    std::int64_t projection_hidden_size = 4096;
};

/// Self-supervision of CLIP's image tower: two views of a picture should look alike to it.
class VisualSsl : public torch::nn::Module
{
public:
    /// Views (b, c, h, w) of the same pictures in [0, 1] -> loss (). `noise` chooses the patches dropped.
    virtual Tensor loss(const Tensor& view1, const Tensor& view2, Noise& noise, const AllRows& all_rows = {})
        = 0;
};

/// The image tower, or a part of it, and a projection of what that gives.
class SslEncoderImpl : public torch::nn::Module
{
public:
    /// Throws UsageError for a hidden_layer that there is not.
    SslEncoderImpl(ClipVisionTransformer tower, const VisualSslOptions& options);
    /// (b, c, h, w) -> (rows, projection_size). The projection normalises over a batch, so it sees the rows
    /// of all processes.
    Tensor forward(const Tensor& image, Noise& noise, const AllRows& all_rows = {});

private:
    Tensor representation(const Tensor& image, Noise& noise);

    std::int64_t hidden_layer_;
    ClipVisionTransformer net{ nullptr };
    torch::nn::Sequential projector{ nullptr };
};
TORCH_MODULE(SslEncoder);

/// SimSiam (Chen & He 2020): the prediction from one view meets the projection of the other, which is held
/// still. 4 - 2 cos(p1, z2) - 2 cos(p2, z1).
class SimSiamImpl : public VisualSsl
{
public:
    SimSiamImpl(const ClipVisionTransformer& tower, const VisualSslOptions& options);
    Tensor loss(const Tensor& view1, const Tensor& view2, Noise& noise,
                const AllRows& all_rows = {}) override;

private:
    SslEncoder online_encoder{ nullptr };
    torch::nn::Sequential online_predictor{ nullptr };
};
TORCH_MODULE(SimSiam);

/// SimCLR (Chen et al. 2020): each view must find the other one among all of the batch.
class SimClrImpl : public VisualSsl
{
public:
    SimClrImpl(const ClipVisionTransformer& tower, const VisualSslOptions& options, double temperature = 0.1);
    Tensor loss(const Tensor& view1, const Tensor& view2, Noise& noise,
                const AllRows& all_rows = {}) override;

private:
    double temperature_;
    SslEncoder net{ nullptr };
};
TORCH_MODULE(SimClr);

/// NT-Xent, the mean over the 2 n rows i of -log(exp(s_ij / T) / sum_{k != i} exp(s_ik / T)), with s the dot
/// products of the rows of both (n, d), and j the row of i's other view. The rows are compared as they are,
/// as in the reference, not at unit length.
Tensor nt_xent_loss(const Tensor& queries, const Tensor& keys, double temperature);

} // namespace reverie
