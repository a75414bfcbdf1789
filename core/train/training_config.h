// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/picture_options.h"
#include "core/io/pipeline.h"
#include "core/run/training_request.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

/// How one part is optimised. Defaults are the reference's where it has them.
struct PartOptions {
    std::int64_t steps = 10000;
    std::int64_t batch = 64;
    std::int64_t shards
        = 1; ///< equal pieces of a batch that are computed side by side, a CPU thread each: small
             ///< networks do not keep more than one busy. Not for CLIP, which compares a whole batch
    std::int64_t run_length = 1; ///< rows that follow each other in the data set and stay together in a
                                 ///< batch: where neighbours are alike, CLIP learns to tell them apart
    std::int64_t max_batch_size = 0; ///< a batch is computed in chunks of at most so many samples, one after
                                     ///< the other, to save memory; 0: at once. Not for CLIP either
    std::string precision = "f32"; ///< f32 | bf16 | f16 (CUDA only): what products are computed in
    double lr = 3e-4;
    std::int64_t warmup_steps = 0; ///< the learning rate grows linearly from 0
    std::string schedule = "constant"; ///< constant | cosine | linear | step
    double min_lr = 0; ///< where the schedule ends
    std::int64_t decay_steps = 0; ///< steps until it ends there; 0: all. A cosine rises again afterwards.
                                  ///< With "step": steps between two falls
    double step_factor = 0.1; ///< what a fall leaves of lr
    double wd = 1e-2; ///< weight decay; 0 takes Adam instead of AdamW
    bool group_wd_params = true; ///< vectors (biases, gains) do not decay
    double beta1 = 0.9, beta2 = 0.99;
    double eps = 1e-8;
    double max_grad_norm = 0.5; ///< gradients are scaled down to this norm; 0: never
    double ema_beta = 0.9999; ///< bounds of the moving average that is kept of the weights
    double ema_power = 2. / 3; ///< its decay grows as 1 - (1 + updates / inv_gamma)^-power
    double ema_inv_gamma = 1;
    double ema_min_value = 0;
    std::int64_t ema_update_every = 10;
    std::int64_t ema_update_after_step = 100;
    std::int64_t patience
        = 0; ///< validations in a row without a new best after which the part ends; 0: never
    bool keep_best = false; ///< the part ends with the weights of its best validation instead of the last
    static void visit(auto& self, auto&& field)
    {
        field("steps", self.steps);
        field("batch", self.batch);
        field("shards", self.shards);
        field("run_length", self.run_length);
        field("max_batch_size", self.max_batch_size);
        field("precision", self.precision);
        field("lr", self.lr);
        field("warmup_steps", self.warmup_steps);
        field("schedule", self.schedule);
        field("min_lr", self.min_lr);
        field("decay_steps", self.decay_steps);
        field("step_factor", self.step_factor);
        field("wd", self.wd);
        field("group_wd_params", self.group_wd_params);
        field("beta1", self.beta1);
        field("beta2", self.beta2);
        field("eps", self.eps);
        field("max_grad_norm", self.max_grad_norm);
        field("ema_beta", self.ema_beta);
        field("ema_power", self.ema_power);
        field("ema_inv_gamma", self.ema_inv_gamma);
        field("ema_min_value", self.ema_min_value);
        field("ema_update_every", self.ema_update_every);
        field("ema_update_after_step", self.ema_update_after_step);
        field("patience", self.patience);
        field("keep_best", self.keep_best);
    }
};

struct ClipPartOptions : PartOptions {
    bool lock_image = false; ///< only the text tower learns; pictures keep the embeddings they have
    double temperature = 1; ///< logarithm of the similarity's scale at the start
    double augment_shift = 0.05; ///< pictures move by up to this share of their side
    double augment_zoom = 0.05; ///< and grow or shrink by up to this
    static void visit(auto& self, auto&& field)
    {
        PartOptions::visit(self, field);
        field("lock_image", self.lock_image);
        field("temperature", self.temperature);
        field("augment_shift", self.augment_shift);
        field("augment_zoom", self.augment_zoom);
    }
};

/// People write more than the caption alone; training on captions in a sentence makes a model that minds.
struct CaptionOptions {
    double share = 0; ///< of the captions that are put into one of the templates
    std::vector<std::string> templates; ///< "a picture of {}"
    static void visit(auto& self, auto&& field)
    {
        field("share", self.share);
        field("templates", self.templates);
    }
};

/// A decoder draws from embeddings the prior made, which are not quite CLIP's; the last three narrow that
/// gap.
struct UnetPartOptions : PartOptions {
    double image_embed_noise = 0; ///< Gaussian noise added to the embedding, as a share of its length
    double prior_embed_share = 0; ///< samples that take an embedding drawn from the trained prior instead
    std::int64_t prior_embeds = 1; ///< such embeddings for each caption, drawn once
    static void visit(auto& self, auto&& field)
    {
        PartOptions::visit(self, field);
        field("image_embed_noise", self.image_embed_noise);
        field("prior_embed_share", self.prior_embed_share);
        field("prior_embeds", self.prior_embeds);
    }
};

/// A VQGAN-VAE and the discriminator that is trained against it, an optimiser each. Defaults are those of the
/// reference's trainer.
struct VqganPartOptions : PartOptions {
    VqganPartOptions()
    {
        wd = 0;
        max_grad_norm = 0;
        ema_update_after_step = 500;
    }
    std::int64_t discr_after = 0; ///< steps before the discriminator begins to learn, and to count
    double discr_lr = 0; ///< its own learning rate, on the same schedule; 0: lr
    std::int64_t grad_penalty_every = 4; ///< its steps between two with a gradient penalty; 0: none
    std::string vgg; ///< a .safetensors file with VGG-16's weights by torchvision's names, for the perceptual
                     ///< loss; empty: without
    static void visit(auto& self, auto&& field)
    {
        PartOptions::visit(self, field);
        field("discr_after", self.discr_after);
        field("discr_lr", self.discr_lr);
        field("grad_penalty_every", self.grad_penalty_every);
        field("vgg", self.vgg);
    }
};

struct TokenizerPartOptions {
    std::int64_t vocab_size = 1024;
    static void visit(auto& self, auto&& field) { field("vocab_size", self.vocab_size); }
};

/// What a whole run is made from.
struct TrainingConfig {
    std::string data; ///< data set spec
    PictureOptions pictures; ///< how pictures of the data set become squares
    std::int64_t shuffle_window = 0; ///< pictures are shuffled among so many neighbours, so that large files
                                     ///< are read nearly in order; 0: among all
    std::string title; ///< of the model
    std::string description; ///< of the model, one sentence
    std::uint64_t seed = 0;
    std::int64_t report_every = 10; ///< steps between lines of metrics
    std::int64_t checkpoint_every = 500;
    std::int64_t sample_every = 500; ///< steps between sample pictures and evaluations; 0: only at the end
    std::int64_t validate_every = 0; ///< steps between losses on pictures that are not trained on; 0: at
                                     ///< every evaluation
    std::int64_t validate_rows = 256; ///< pictures that such a loss is the mean of, at most; 0: never
    std::vector<std::string> sample_prompts; ///< what sample pictures show, once the prior is trained; else
                                             ///< captions of the data set
    std::string dtype = "f16"; ///< of the finished model file
    CaptionOptions captions;
    TokenizerPartOptions tokenizer;
    ClipPartOptions clip;
    PartOptions prior;
    VqganPartOptions vqgan;
    std::vector<UnetPartOptions> unets; ///< "unet1", "unet2", ... over what "decoder" says for all
    PipelineConfig model;
    static void visit(auto& self, auto&& field)
    {
        field("data", self.data);
        field("pictures", self.pictures);
        field("shuffle_window", self.shuffle_window);
        field("title", self.title);
        field("description", self.description);
        field("seed", self.seed);
        field("report_every", self.report_every);
        field("checkpoint_every", self.checkpoint_every);
        field("sample_every", self.sample_every);
        field("validate_every", self.validate_every);
        field("validate_rows", self.validate_rows);
        field("sample_prompts", self.sample_prompts);
        field("dtype", self.dtype);
        field("captions", self.captions);
        field("tokenizer", self.tokenizer);
        field("clip", self.clip);
        field("prior", self.prior);
        field("vqgan", self.vqgan);
    }
};

/// Lays the request's preset, file and settings over each other, and with `resume` over the run's own
/// configuration, or over `base` in its place. Throws UsageError for a preset, key or value that does not
/// exist.
TrainingConfig resolve_config(const TrainRequest& request, const nlohmann::json* base = nullptr);
/// Throws UsageError that names the first option of a part which can't be used.
void check_part(const PartOptions& options, const std::string& part);
/// The same for all of a run.
void check_config(const TrainingConfig& config);
/// The same layout as a preset, with every option spelled out.
nlohmann::json to_json(const TrainingConfig& config);

/// Names of the presets in the data folders.
std::vector<std::string> preset_names();

} // namespace reverie
