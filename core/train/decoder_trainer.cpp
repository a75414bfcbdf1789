// SPDX-License-Identifier: MIT
#include "core/train/decoder_trainer.h"

#include "core/base/error.h"
#include "core/train/chunk_noise.h"

#include <torch/torch.h>

namespace reverie {

DecoderTrainer::DecoderTrainer(Decoder decoder, const DecoderTrainerOptions& options)
    : decoder_(std::move(decoder))
    , max_grad_norm_(options.max_grad_norm)
{
    for (std::int64_t number = 1; number <= decoder_->num_unets(); ++number) {
        const auto part = part_options(options, std::size_t(number - 1));
        if (part.lr > 1e-2)
            throw UsageError("The learning rate " + std::to_string(part.lr)
                             + " is above 0.01, where no U-Net learns; try 1e-4.");
        unets_.emplace_back(*decoder_->unet(number), part, options.use_ema);
    }
}

NetworkTrainer& DecoderTrainer::at(std::int64_t unet_number)
{
    if (unet_number < 1 || unet_number > decoder_->num_unets())
        throw UsageError("There is no U-Net " + std::to_string(unet_number) + "; the decoder has "
                         + std::to_string(decoder_->num_unets()) + ", counted from 1.");
    return unets_[std::size_t(unet_number - 1)];
}

const NetworkTrainer& DecoderTrainer::unet(std::int64_t unet_number) const
{
    return unets_.at(std::size_t(unet_number - 1));
}

std::int64_t DecoderTrainer::num_steps_taken(std::int64_t unet_number) const
{
    return unet(unet_number).steps();
}

double DecoderTrainer::forward(const Tensor& image, std::int64_t unet_number,
                               const DecoderCondition& condition, Noise& noise, std::int64_t max_batch_size,
                               const Tensor& text)
{
    at(unet_number);
    double total = 0;
    ChunkNoise noises(noise, image.size(0));
    for (const auto& chunk : chunks(image.size(0), max_batch_size)) {
        const auto loss = decoder_
                              ->loss(chunk.of(image), unet_number,
                                     { chunk.of(condition.image_embed), chunk.of(condition.text_encodings) },
                                     noises.of(chunk), chunk.of(text))
                              .loss
            * chunk.share;
        total += loss.item<double>();
        if (decoder_->is_training())
            loss.backward();
    }
    return total;
}

void DecoderTrainer::update(std::int64_t unet_number)
{
    auto& unet = at(unet_number);
    if (max_grad_norm_)
        clip_gradients(trained_parameters(*decoder_), *max_grad_norm_);
    unet.update();
}

Tensor DecoderTrainer::sample(std::int64_t batch, const DecoderCondition& condition,
                              const DecoderSampling& sampling, Noise& noise)
{
    const bool was_training = decoder_->is_training();
    decoder_->eval();
    for (auto& unet : unets_)
        unet.swap();
    const auto images = decoder_->sample(batch, condition, sampling, noise);
    for (auto& unet : unets_)
        unet.swap();
    decoder_->train(was_training);
    return images;
}

} // namespace reverie
