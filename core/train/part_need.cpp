// SPDX-License-Identifier: MIT
#include "core/train/part_need.h"

#include "core/models/cost.h"
#include "core/models/vqgan_vae.h"
#include "core/train/training_facts.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

constexpr std::int64_t pictures_drawn = 16; ///< as sample_rows() has them
constexpr std::int64_t rows_embedded = 256; ///< at once, as Corpus::embed() has them
constexpr std::int64_t embeddings_drawn = 96; ///< as the prior's evaluation has them
constexpr double state_numbers = 5; ///< a parameter: itself, gradient, two moments, average
constexpr double number_bytes = 4 * 1.1; ///< with what the allocator holds beside it, as in NetworkCost
constexpr double share_in_bf16 = 0.75; ///< of float32 activations: norms and softmax keep theirs (measured)

/// Networks that one sample goes through in a step of drawing.
std::int64_t passes(double cond_scale, double drop_prob)
{
    return cond_scale != 1 && drop_prob > 0 ? 2 : 1;
}

/// A stage's options and sides as its decoder completes them.
struct Stage {
    UnetOptions unet;
    std::int64_t side = 0, training_side = 0; ///< of what the network sees
};

Stage stage_of(const PipelineConfig& model, std::size_t index)
{
    const auto& o = *model.decoder;
    Stage stage;
    stage.unet = model.unets.at(index);
    auto side = o.image_size.value_or(model.clip ? clip_image_size(*model.clip) : 0);
    if (!o.image_sizes.empty())
        side = o.image_sizes.at(index);
    auto crop = index > 0 ? o.random_crop_sizes.at(index).value_or(side) : side;
    stage.unet.channels = o.channels;
    if (index < o.vaes.size() && o.vaes[index]) {
        auto options = *o.vaes[index];
        options.use_vgg_and_gan = false;
        const VQGanVAE vae(options);
        stage.unet.channels = vae->encoded_dim();
        side = vae->encoded_size(side);
        crop = vae->encoded_size(crop);
    }
    stage.side = side;
    stage.training_side = crop;
    stage.unet.lowres_cond = index > 0;
    stage.unet.cond_on_image_embeds = index == 0 && !o.unconditional;
    stage.unet.cond_on_text_encodings = stage.unet.cond_on_text_encodings && !o.unconditional;
    const bool learned = o.learned_variance
        ? index < o.learned_variance->values().size() && o.learned_variance->at(index)
        : index == 0 && !o.elucidated.at(index);
    stage.unet.channels_out = stage.unet.channels * (learned ? 2 : 1);
    if (!stage.unet.image_size)
        stage.unet.image_size = side;
    return stage;
}

/// Of an autoencoder of convolutions: its maps at every resolution, there and back, and its discriminator's.
/// Its weights are counted from the network itself, which is small.
NetworkCost cost_of(const VQGanVAEOptions& o, std::int64_t batch, bool training)
{
    const VQGanVAE vae(o);
    NetworkCost cost;
    double all = 0;
    for (const auto& parameter : vae->autoencoder_parameters()) {
        cost.parameters += parameter.numel();
        all += double(parameter.numel());
    }
    for (const auto& parameter : vae->discriminator_parameters())
        all += double(parameter.numel());
    const bool vit = o.vae_type == "vit";
    const auto pixels = double(o.image_size * o.image_size * batch);
    constexpr double maps = 2; // a convolution's and its activation's
    double numbers = 0;
    if (vit) {
        const auto tokens = pixels / double(o.encdec_patch_size * o.encdec_patch_size);
        numbers = 2 * double(o.layers) * tokens * double(o.dim) * (8 + 3 * double(o.encdec_ff_mult));
    }
    for (std::int64_t level = 0; !vit && level <= o.layers; ++level) {
        const auto mult = level == 0       ? 1
            : o.encdec_layer_mults.empty() ? std::int64_t(1) << (level - 1)
                                           : o.encdec_layer_mults.at(std::size_t(level - 1));
        const auto n = pixels / double(std::int64_t(1) << (2 * level));
        numbers += 2 * maps * double(o.dim * mult) * n * (level == o.layers ? 4 : 1);
    }
    if (o.use_vgg_and_gan)
        for (std::int64_t level = 0; level <= o.discr_layers; ++level) // of both pictures, twice derived
            numbers += 2 * 2 * maps * double(o.dim << level) * pixels
                / double(std::int64_t(1) << (2 * level + 2));
    cost.evaluation_bytes = number_bytes * numbers / 4;
    cost.training_bytes = number_bytes * (state_numbers * all + (training ? numbers : 0));
    cost.flops = 2. * double(cost.parameters) * double(o.image_size * o.image_size)
        / double(std::int64_t(1) << (vit ? 6 : 2 * o.layers - 2));
    return cost;
}

NetworkCost cost_of_part(const PipelineConfig& model, const std::string& part, std::int64_t batch,
                         bool training)
{
    if (part == "clip") {
        const auto* clip = std::get_if<XClipOptions>(&*model.clip);
        return clip ? cost_of(*clip, batch) : NetworkCost();
    }
    if (part == "prior")
        return cost_of(model.net.value_or(PriorNetworkOptions{}), batch);
    if (part == "vqgan")
        return cost_of(*model.vqgan, batch, training);
    const auto stage = stage_of(model, std::stoul(part.substr(4)) - 1);
    return cost_of(stage.unet, training ? stage.training_side : stage.side, batch);
}

/// Rows of the largest batch that an evaluation puts through the network.
std::int64_t rows_drawn(const TrainingConfig& config, const std::string& part)
{
    const auto& sampling = config.model.sampling;
    if (part == "clip")
        return rows_embedded;
    if (part == "vqgan")
        return pictures_drawn;
    if (part == "prior")
        return embeddings_drawn * sampling.candidates
            * passes(sampling.prior_cond_scale, config.model.prior->cond_drop_prob);
    const auto pictures = std::max(pictures_drawn, std::int64_t(config.sample_prompts.size()));
    return pictures * passes(sampling.cond_scale, config.model.decoder->image_cond_drop_prob);
}

} // namespace

std::int64_t chunk_of(const PartOptions& options)
{
    return options.max_batch_size > 0 ? std::min(options.max_batch_size, options.batch) : options.batch;
}

PartNeed need_of(const TrainingConfig& config, const std::string& part)
{
    const auto& options = part_options(config, part);
    const auto chunk = chunk_of(options);
    const auto cost = cost_of_part(config.model, part, chunk, /*training=*/true);
    const auto drawing = cost_of_part(config.model, part, rows_drawn(config, part), /*training=*/false);
    PartNeed need;
    need.parameters = cost.parameters;
    const auto numbers = double(cost.parameters);
    need.state_bytes = number_bytes * state_numbers * numbers;
    auto activations = cost.training_bytes - need.state_bytes;
    if (options.precision != "f32")
        activations *= share_in_bf16;
    // Gradients of the pieces of a batch wait to be added up.
    const auto pieces = options.shards + (chunk < options.batch ? 1 : 0);
    need.training_bytes = need.state_bytes + activations + 4 * numbers * double(pieces - 1);
    need.drawing_bytes = need.state_bytes + drawing.evaluation_bytes;
    need.step_flops = 3 * cost.flops * double(options.batch);
    need.sample_flops = drawing.flops;
    return need;
}

double weight_bytes(const TrainingConfig& config)
{
    const auto& model = config.model;
    double bytes = 0;
    if (model.clip)
        bytes += cost_of_part(model, "clip", 1, true).weight_bytes();
    if (model.vqgan)
        bytes += cost_of_part(model, "vqgan", 1, true).weight_bytes();
    if (model.prior)
        bytes += cost_of_part(model, "prior", 1, true).weight_bytes();
    for (std::size_t i = 1; model.decoder && i <= model.unets.size(); ++i)
        bytes += cost_of_part(model, "unet" + std::to_string(i), 1, true).weight_bytes();
    return bytes;
}

} // namespace reverie
