// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/decoder.h"
#include "core/train/network_trainer.h"

#include <cstdint>
#include <vector>

namespace reverie {

/// Trains the U-Nets of a decoder by the caller's own loop, as the reference's trainer does: each has its
/// optimiser, schedule and moving average, and gradients are clipped over all of them together.
class DecoderTrainer
{
public:
    /// Throws UsageError for options that can't be used.
    explicit DecoderTrainer(Decoder decoder, const DecoderTrainerOptions& options = {});

    /// Loss of stage `unet_number` (from 1) for pictures (b, c, h, w). In training mode its gradients are
    /// added to those there are. With max_batch_size the batch is computed in chunks of at most so many, each
    /// weighing its share, to the whole batch's loss and gradients if the noise is a KeyedNoise of its
    /// samples; another source draws for each chunk in turn. Text ids (b, n) may stand for the condition's
    /// encodings where there is a CLIP.
    double forward(const Tensor& image, std::int64_t unet_number, const DecoderCondition& condition,
                   Noise& noise, std::int64_t max_batch_size = 0, const Tensor& text = {});

    /// One step of that stage's optimiser along the gradients, which are zero afterwards.
    void update(std::int64_t unet_number);

    /// Pictures drawn with the averaged weights.
    Tensor sample(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling,
                  Noise& noise);

    void train(bool on = true) { decoder_->train(on); }
    [[nodiscard]] std::int64_t num_steps_taken(std::int64_t unet_number) const;
    /// What trains stage `unet_number`, with its average.
    [[nodiscard]] const NetworkTrainer& unet(std::int64_t unet_number) const;

private:
    NetworkTrainer& at(std::int64_t unet_number);

    Decoder decoder_;
    std::optional<double> max_grad_norm_;
    std::vector<NetworkTrainer> unets_;
};

} // namespace reverie
