// SPDX-License-Identifier: MIT
#include "core/train/prior_trainer.h"

#include "core/train/chunk_noise.h"

#include <torch/torch.h>

namespace reverie {

DiffusionPriorTrainer::DiffusionPriorTrainer(DiffusionPrior prior,
                                             const DiffusionPriorTrainerOptions& options)
    : prior_(std::move(prior))
    , max_grad_norm_(options.max_grad_norm)
    , network_(*prior_, part_options(options, 0), options.use_ema)
{
}

double DiffusionPriorTrainer::add(const Tensor& loss)
{
    if (prior_->is_training())
        loss.backward();
    return loss.item<double>();
}

double DiffusionPriorTrainer::forward(const Tensor& image_embed, const TextCondition& text, Noise& noise,
                                      std::int64_t max_batch_size)
{
    double total = 0;
    ChunkNoise noises(noise, image_embed.size(0));
    for (const auto& chunk : chunks(image_embed.size(0), max_batch_size)) {
        auto part = text;
        part.text_embed = chunk.of(text.text_embed);
        part.text_encodings = chunk.of(text.text_encodings);
        total += add(prior_->loss(chunk.of(image_embed), part, noises.of(chunk)) * chunk.share);
    }
    return total;
}

double DiffusionPriorTrainer::forward_pairs(const Tensor& text, const Tensor& image, Noise& noise,
                                            std::int64_t max_batch_size)
{
    double total = 0;
    ChunkNoise noises(noise, image.size(0));
    for (const auto& chunk : chunks(image.size(0), max_batch_size))
        total += add(prior_->loss_of_pairs(chunk.of(text), chunk.of(image), noises.of(chunk)) * chunk.share);
    return total;
}

void DiffusionPriorTrainer::update()
{
    if (max_grad_norm_)
        clip_gradients(trained_parameters(*prior_), *max_grad_norm_);
    network_.update();
}

PriorSamples DiffusionPriorTrainer::sample(const TextCondition& text, std::int64_t candidates,
                                           const SamplingOptions& options, Noise& noise)
{
    const bool was_training = prior_->is_training();
    prior_->eval();
    network_.swap();
    auto samples = prior_->sample(text, candidates, options, noise);
    network_.swap();
    prior_->train(was_training);
    return samples;
}

} // namespace reverie
