// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/diffusion_prior.h"
#include "core/train/network_trainer.h"

#include <cstdint>

namespace reverie {

/// Trains a prior by the caller's own loop, as the reference's trainer does.
class DiffusionPriorTrainer
{
public:
    /// Throws UsageError for options that can't be used.
    explicit DiffusionPriorTrainer(DiffusionPrior prior, const DiffusionPriorTrainerOptions& options = {});

    /// Loss for image embeddings (b, d) and their texts. In training mode its gradients are added to those
    /// there are. With max_batch_size the batch is computed in chunks of at most so many, each weighing its
    /// share, with noise as in DecoderTrainer.
    double forward(const Tensor& image_embed, const TextCondition& text, Noise& noise,
                   std::int64_t max_batch_size = 0);
    /// The same from token ids (b, n) and images (b, c, h, w) through CLIP.
    double forward_pairs(const Tensor& text, const Tensor& image, Noise& noise,
                         std::int64_t max_batch_size = 0);

    /// One step of the optimiser along the gradients, which are zero afterwards.
    void update();

    /// Embeddings drawn with the averaged weights.
    PriorSamples sample(const TextCondition& text, std::int64_t candidates, const SamplingOptions& options,
                        Noise& noise);

    void train(bool on = true) { prior_->train(on); }
    [[nodiscard]] std::int64_t step() const { return network_.steps(); }
    [[nodiscard]] const NetworkTrainer& network() const { return network_; }

private:
    double add(const Tensor& loss);

    DiffusionPrior prior_;
    std::optional<double> max_grad_norm_;
    NetworkTrainer network_;
};

} // namespace reverie
