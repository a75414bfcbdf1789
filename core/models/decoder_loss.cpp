// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/models/decoder.h"
#include "core/models/elucidated_unet.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <cmath>

namespace reverie {

namespace {

using Boxes = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// Left and top of a square in each picture.
Boxes random_boxes(std::int64_t batch, std::int64_t size, std::int64_t crop, Noise& noise)
{
    const auto x = noise.uniform({ batch }), y = noise.uniform({ batch });
    const auto start = [&](const Tensor& u, std::int64_t i) {
        return static_cast<std::int64_t>(
            std::floor(u[i].item<float>() * static_cast<float>(size - crop + 1)));
    };
    Boxes boxes;
    for (std::int64_t i = 0; i < batch; ++i)
        boxes.emplace_back(start(x, i), start(y, i));
    return boxes;
}

Tensor cropped(const Tensor& image, const Boxes& boxes, std::int64_t crop)
{
    std::vector<Tensor> crops;
    for (std::size_t i = 0; i < boxes.size(); ++i)
        crops.push_back(image[static_cast<std::int64_t>(i)]
                            .slice(1, boxes[i].second, boxes[i].second + crop)
                            .slice(2, boxes[i].first, boxes[i].first + crop));
    return torch::stack(crops);
}

void check_pictures(const Tensor& image, const DecoderStage& stage)
{
    if (image.size(1) != stage.channels)
        throw UsageError("This decoder draws pictures of " + std::to_string(stage.channels)
                         + " channels; those given have " + std::to_string(image.size(1)) + ".");
    const auto side = std::min(image.size(-2), image.size(-1));
    if (side < stage.image_size)
        throw UsageError("Stage " + std::to_string(stage.number) + " learns from pictures of at least "
                         + std::to_string(stage.image_size) + " pixels a side; one given has "
                         + std::to_string(side) + ".");
}

} // namespace

DecoderLoss DecoderImpl::loss(const Tensor& image, std::int64_t unet_number, DecoderCondition condition,
                              Noise& noise, const Tensor& text)
{
    auto& stage = this->stage(unet_number);
    check_pictures(image, stage);
    const auto b = image.size(0);
    const auto t = stage.edm ? Tensor() : noise.integers(num_timesteps(), b).to(image.device());
    complete_condition(condition, image, text, noise);

    const bool area = options_->downsample == "area";
    const auto shrunk
        = [&](std::int64_t size) { return area ? resize_area(image, size) : resize_nearest(image, size); };
    LowresConditionerImpl::Result lowres;
    if (stage.lowres) {
        const auto before = image_size(unet_number - 1);
        lowres = stage.lowres->forward(
            area ? shrunk(before) : image,
            { .target_image_size = stage.image_size, .downsample_image_size = before }, noise);
    }
    auto picture = shrunk(stage.image_size);
    if (const auto crop = stage.random_crop_size) {
        const auto boxes = random_boxes(b, stage.image_size, *crop, noise);
        picture = cropped(picture, boxes, *crop);
        lowres.image = lowres.image.defined() ? cropped(lowres.image, boxes, *crop) : lowres.image;
    }

    const auto x_start = stage.encoded(picture); // (b, c, s, s)
    UnetCondition seen{
        condition.image_embed, condition.text_encodings, stage.encoded(lowres.image), lowres.noise_level, {}
    };
    const DropProbs drop{ .text = options_->text_cond_drop_prob, .image = options_->image_cond_drop_prob };
    DecoderLoss result;
    result.lowres_cond_image = stage.vae ? seen.lowres_cond_img : lowres.image;
    if (stage.edm) {
        result.loss = ElucidatedUnet(stage.unet, *stage.edm).loss(x_start, seen, drop, noise);
        return result;
    }
    const auto epsilon = noise.normal(x_start.sizes()).to(x_start.options());
    const auto x_t = stage.schedule->q_sample(x_start, t, epsilon);
    if (stage.unet->options().self_cond && noise.coin() < 0.5) {
        torch::NoGradGuard no_grad;
        const auto estimate = stage.unet->forward(x_t, t, seen);
        seen.self_cond = stage.learned_variance ? estimate.chunk(2, 1)[0] : estimate;
    }
    const auto output = stage.unet->forward(x_t, t, seen, drop, &noise);
    const auto parts = stage.learned_variance ? output.chunk(2, 1) : std::vector<Tensor>{ output };

    const auto target = stage.target(x_start, t, epsilon);
    const auto each = stage.schedule->elementwise_loss(parts[0], target).flatten(1).mean(-1); // (b)
    result.loss = stage.schedule->p2_reweigh_loss(each, t).mean();
    if (stage.learned_variance)
        result.loss = result.loss
            + options_->vb_loss_weight * stage.variational_bound(x_start, x_t, t, parts[0], parts[1]);
    return result;
}

void DecoderImpl::complete_condition(DecoderCondition& condition, const Tensor& image, const Tensor& text,
                                     Noise& noise)
{
    if (options_->unconditional)
        return;
    torch::NoGradGuard no_grad;
    if (!condition.image_embed.defined()) {
        if (!clip_)
            throw UsageError("This decoder has no CLIP; give it image embeddings.");
        condition.image_embed = clip_->embed_image(image, &noise).image_embed;
    }
    if (text.defined() && !condition.text_encodings.defined() && clip_)
        condition.text_encodings = clip_->embed_text(text).text_encodings;
    if (reads_text() && !condition.text_encodings.defined())
        throw UsageError("This decoder is conditioned on text; give it text or text encodings.");
}

} // namespace reverie
