// SPDX-License-Identifier: MIT
#include "core/train/option_notes.h"

#include <array>

namespace reverie {

namespace {

using namespace sources;

constexpr std::array prior_notes{
    OptionNote{ "model.prior.image_embed_dim", "Width of the image embedding; none: CLIP's.", reference },
    OptionNote{ "model.prior.image_size", "Side of CLIP's pictures, for configurations without CLIP.",
                reference },
    OptionNote{ "model.prior.image_channels", "Colour channels of CLIP's pictures.", reference },
    OptionNote{ "model.prior.timesteps", "Steps of noise that training knows.", ddpm },
    OptionNote{ "model.prior.sample_timesteps", "Steps of drawing an embedding; none: all, fewer: DDIM.",
                reference },
    OptionNote{ "model.prior.cond_drop_prob", "Share of the texts that training hides, for guidance.",
                reference },
    OptionNote{ "model.prior.text_cond_drop_prob", "The same of the text alone; none: cond_drop_prob.",
                reference },
    OptionNote{ "model.prior.image_cond_drop_prob", "The same of the noised embedding; none: cond_drop_prob.",
                reference },
    OptionNote{ "model.prior.loss_type", "Distance that is made small: l1, l2 or huber.", unclip },
    OptionNote{ "model.prior.predict_x_start", "Predicts the embedding instead of its noise.", unclip },
    OptionNote{ "model.prior.predict_v", "Predicts v instead of either.", "Salimans & Ho 2022" },
    OptionNote{ "model.prior.beta_schedule", "How noise grows: cosine, linear, quadratic, jsd or sigmoid.",
                "Nichol & Dhariwal 2021" },
    OptionNote{ "model.prior.condition_on_text_encodings",
                "Reads every token of the text, not only its embedding.", unclip },
    OptionNote{ "model.prior.sampling_clamp_l2norm", "Puts the estimate back on the sphere at every step.",
                reference },
    OptionNote{ "model.prior.sampling_final_clamp_l2norm", "Puts it back at the end.", reference },
    OptionNote{ "model.prior.training_clamp_l2norm", "Puts predictions of training on the sphere.",
                reference },
    OptionNote{ "model.prior.init_image_embed_l2norm", "Puts the first noise of drawing on the sphere.",
                reference },
    OptionNote{ "model.prior.image_embed_scale",
                "Embeddings are multiplied by it; none: the root of their width.", reference },
    OptionNote{ "model.prior.clip_denoised", "Keeps estimates between -1 and 1.", reference },
    OptionNote{ "model.prior.net.dim", "Width of the transformer, that of CLIP's embeddings.", reference },
    OptionNote{ "model.prior.net.num_timesteps", "Times it learns one by one; none: any.", reference },
    OptionNote{ "model.prior.net.num_time_embeds", "Tokens for the time.", reference },
    OptionNote{ "model.prior.net.num_image_embeds", "Tokens for the noised embedding.", reference },
    OptionNote{ "model.prior.net.num_text_embeds", "Tokens for the text's embedding.", reference },
    OptionNote{ "model.prior.net.max_text_len", "Tokens of the text that are read.", reference },
    OptionNote{ "model.prior.net.self_cond", "Sees its own estimate of the step before.",
                "Chen et al. 2022" },
    OptionNote{ "model.prior.net.depth", "Layers.", reference },
    OptionNote{ "model.prior.net.dim_head", "Width of an attention head.", reference },
    OptionNote{ "model.prior.net.heads", "Attention heads.", reference },
    OptionNote{ "model.prior.net.ff_mult", "Width of the hidden layers, as a multiple.", reference },
    OptionNote{ "model.prior.net.norm_in", "Normalises what goes in.", reference },
    OptionNote{ "model.prior.net.norm_out", "Normalises what comes out.", reference },
    OptionNote{ "model.prior.net.attn_dropout", "Share of attention that training leaves out.", reference },
    OptionNote{ "model.prior.net.ff_dropout", "Share of hidden values that training leaves out.", reference },
    OptionNote{ "model.prior.net.final_proj", "A last projection.", reference },
    OptionNote{ "model.prior.net.normformer", "Normalises inside every layer too.", "Shleifer et al. 2021" },
    OptionNote{ "model.prior.net.rotary_emb", "Rotary positions.", "Su et al. 2021" },
};

} // namespace

std::span<const OptionNote> notes_on_priors()
{
    return prior_notes;
}

} // namespace reverie
