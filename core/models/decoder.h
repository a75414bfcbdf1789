// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/sampling_options.h"
#include "core/models/clip.h"
#include "core/models/decoder_options.h"
#include "core/models/decoder_stage.h"
#include "core/models/offload.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace reverie {

/// What a picture is conditioned on.
struct DecoderCondition {
    Tensor image_embed; ///< (b, d); needed unless the decoder is unconditional
    Tensor text_encodings; ///< (b, n, text_embed_dim); needed if a U-Net reads them
    Tensor text_embed = {}; ///< (b, text_embed_dim), of the whole text; needed with ADM U-Nets
};

struct DecoderLoss {
    Tensor loss; ///< ()
    Tensor
        lowres_cond_image; ///< what a later stage was shown, (b, c, size, size): a picture in the pictures'
                           ///< range, or its features where the stage draws latents; else undefined
};

/// After each denoising step of stage `unet_number` (from 1): x0 is a picture, (b, c, size, size) in the
/// pictures' range, also where the stage draws latents.
using OnDecoderStep
    = std::function<void(std::int64_t unet_number, std::int64_t step, std::int64_t steps, const Tensor& x0)>;

/// Called before a stage draws its first noise, so that a keyed source can start afresh.
using BeforeStage = std::function<Noise&(std::int64_t unet_number)>;

struct DecoderSampling {
    PerStage<double> cond_scale = 1.;
    std::vector<SamplingOptions> stages; ///< overrides by stage; empty: the decoder's own
    std::int64_t start_at_unet_number = 1; ///< from 2: goes on from `image`
    std::int64_t stop_at_unet_number = 0; ///< 0: the last
    Tensor image; ///< (b, c, h, w), the stage before the first to be drawn
    DecoderCondition negative; ///< what guidance leads away from; undefined: the null condition
    Tensor start_image; ///< (b or 1, c, h, w): every chain begins with it noised (SDEdit)
    double start_strength = 1; ///< and is this share of a whole one, above 0; at 1 it is left out
    Tensor inpaint_image; ///< (b or 1, c, h, w): a picture to keep a part of, with inpaint_mask
    Tensor inpaint_mask; ///< bool (b or 1, h, w): true keeps the picture's pixel
    std::int64_t inpaint_resample_times = 5; ///< how often every step is taken (RePaint)
    OnDecoderStep on_step;
    std::function<void(std::int64_t unet_number, const Tensor& image)> on_stage; ///< a stage is finished
    std::stop_token stop;
};

/// A cascade of U-Nets from image embedding to pixels (Ramesh et al. 2022, section 2.1). The first is
/// conditioned on the embedding, each later one on the picture before it. A stage with a VQGAN-VAE draws that
/// autoencoder's features instead of pixels; its weights are frozen.
class DecoderImpl : public torch::nn::Module
{
public:
    /// Each U-Net's options are completed for its place in the cascade (lowres_cond, cond_on_image_embeds,
    /// channels, channels_out), as the reference does. Throws UsageError for options that can't be built.
    DecoderImpl(const DecoderOptions& options, const std::vector<UnetOptions>& unets,
                std::shared_ptr<Clip> clip = nullptr);

    /// Training loss of stage `unet_number` (from 1) for pictures (b, c, h, w): mean over the batch.
    /// text ids (b, n) or the condition's members may be given; what is missing comes from CLIP.
    DecoderLoss loss(const Tensor& image, std::int64_t unet_number, DecoderCondition condition, Noise& noise,
                     const Tensor& text = {});

    /// Pictures (b, c, size, size) in [0, 1] (or [-1, 1] without auto_normalize_img) of the last stage drawn.
    Tensor sample(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling,
                  const BeforeStage& before_stage);
    Tensor sample(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling,
                  Noise& noise);

    [[nodiscard]] std::int64_t num_unets() const { return static_cast<std::int64_t>(stages_.size()); }
    [[nodiscard]] std::int64_t image_size(std::int64_t unet_number) const;
    [[nodiscard]] std::int64_t num_timesteps() const { return options_->timesteps; }
    [[nodiscard]] std::int64_t default_steps(std::int64_t unet_number) const ///< of sampling
    {
        return stages_.at(static_cast<std::size_t>(unet_number - 1))
            .sample_timesteps.value_or(num_timesteps());
    }
    [[nodiscard]] bool can_guide() const;
    [[nodiscard]] bool reads_text() const; ///< some U-Net is conditioned on text encodings
    [[nodiscard]] const DecoderOptions& options() const { return *options_; }
    Unet unet(std::int64_t unet_number) { return stage(unet_number).unet; }
    VQGanVAE vae(std::int64_t unet_number) { return stage(unet_number).vae; } ///< null: pixels

    void train(bool on = true) override; ///< the autoencoders stay in eval mode

    using torch::nn::Module::to;
    void to(torch::Device device, bool non_blocking = false) override; ///< all but U-Nets with offload_unets

    /// A U-Net on the decoder's device for as long as the result lives; with `Trained` its new weights come
    /// back. Nothing moves without offload_unets. sample() sees to it itself.
    [[nodiscard]] OnDevice in_use(std::int64_t unet_number, OnDevice::Weights weights);

private:
    DecoderStage& stage(std::int64_t unet_number); ///< throws UsageError for a stage there is not
    void add_stage(UnetOptions unet, std::size_t index, const std::vector<std::int64_t>& sizes);
    LowresConditioner lowres_conditioner(std::size_t index, std::size_t stages) const;

    void complete_condition(DecoderCondition& condition, const Tensor& image, const Tensor& text,
                            Noise& noise);
    void check(std::int64_t batch, const DecoderCondition& condition, const DecoderSampling& sampling) const;
    [[nodiscard]] UnetCondition away_from(const DecoderStage& stage, const UnetCondition& seen,
                                          const DecoderSampling& sampling) const;
    Tensor sample_stage(DecoderStage& stage, std::int64_t batch, const DecoderCondition& condition,
                        const DecoderSampling& sampling, const Tensor& previous, Noise& noise);

    std::shared_ptr<const DecoderOptions> options_;
    std::shared_ptr<Clip> clip_; ///< frozen and shared, so not a submodule
    std::vector<DecoderStage> stages_;
    torch::Device device_ = torch::kCPU; ///< where offloaded U-Nets work
};
TORCH_MODULE(Decoder);

} // namespace reverie
