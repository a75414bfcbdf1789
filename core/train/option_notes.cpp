// SPDX-License-Identifier: MIT
#include "core/train/option_notes.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace reverie {

namespace {

using namespace sources;

constexpr std::array run_notes{
    OptionNote{ "data", "Data set: emoji, shapes, a folder of pictures, tars or a tensor pack.", own },
    OptionNote{
        "pictures.resize",
        "How a picture becomes a square: crop (the middle), pad (all of it, between bars) or stretch.", own },
    OptionNote{
        "pictures.crop_scale",
        "With crop, training sees random parts of at least this share of the square; 1: always the middle.",
        own },
    OptionNote{ "pictures.crop_ratio",
                "Such parts are up to this many times as wide as high, or the reverse.", own },
    OptionNote{ "pictures.flip", "Mirrors half of the pictures; not where captions tell left from right.",
                own },
    OptionNote{ "pictures.background", "Colour behind transparent pixels and of the bars.", own },
    OptionNote{
        "shuffle_window",
        "Pictures are shuffled among so many neighbours, so that large files are read nearly in order; 0: "
        "among all.",
        own },
    OptionNote{ "title", "Name of the model.", own },
    OptionNote{ "description", "What the model draws, in one sentence.", own },
    OptionNote{ "seed", "Noise, order and first weights follow from it; the same seed gives the same run.",
                own },
    OptionNote{ "report_every", "Steps between two points of the charts.", own },
    OptionNote{ "checkpoint_every", "Steps between two checkpoints; so much is lost at most.", own },
    OptionNote{ "sample_every", "Steps between sample pictures and evaluations; 0: only at the end.", own },
    OptionNote{ "validate_every",
                "Steps between losses on pictures that are not trained on; 0: at every evaluation.", own },
    OptionNote{ "validate_rows", "Pictures that such a loss is the mean of, at most; 0: never.", own },
    OptionNote{ "sample_prompts",
                "What sample pictures show once the prior is trained; none: captions of the data set.", own },
    OptionNote{ "dtype", "Precision of the finished model file: f32, f16 or bf16.", own },
    OptionNote{ "captions.share", "Share of the captions that are put into one of the templates.", own },
    OptionNote{ "captions.templates", "Sentences with {} where the caption goes.", own },
    OptionNote{ "tokenizer.vocab_size", "Tokens the vocabulary learns from the captions, at most.", own },
    OptionNote{ "part.steps", "Steps of the optimiser, one for each batch.", own },
    OptionNote{ "part.batch", "Pictures of a step.", "DALLE2-pytorch 1.15.6, DecoderDataConfig" },
    OptionNote{ "part.shards",
                "Equal pieces of a batch that are computed side by side on the processor; must divide batch.",
                own },
    OptionNote{
        "part.run_length",
        "Neighbours in the data set that stay together in a batch, so that CLIP learns to tell them apart.",
        own },
    OptionNote{ "part.max_batch_size",
                "A batch is computed in chunks of at most so many pictures, to save memory; 0: at once.",
                reference },
    OptionNote{ "part.precision", "What products are computed in: f32, bf16, or f16 on CUDA.", own },
    OptionNote{ "part.lr", "Learning rate: how far a step goes.",
                "DALLE2-pytorch 1.15.6, DiffusionPriorTrainer" },
    OptionNote{ "part.warmup_steps", "Steps over which the learning rate grows from 0.", reference },
    OptionNote{ "part.schedule", "How the learning rate goes on: constant, cosine, linear or step.", own },
    OptionNote{ "part.min_lr", "Where the schedule ends.", own },
    OptionNote{ "part.decay_steps",
                "Steps until it ends there; 0: all. With \"step\", steps between two falls.", own },
    OptionNote{ "part.step_factor", "With \"step\", what a fall leaves of the learning rate.", own },
    OptionNote{ "part.wd", "Weight decay; 0 takes Adam instead of AdamW.", reference },
    OptionNote{ "part.group_wd_params", "Vectors (biases, gains) do not decay.", reference },
    OptionNote{ "part.beta1", "Adam's memory of gradients.", "Kingma & Ba 2015" },
    OptionNote{ "part.beta2", "Adam's memory of squared gradients.", reference },
    OptionNote{ "part.eps", "Keeps Adam from dividing by nothing.", "Kingma & Ba 2015" },
    OptionNote{ "part.max_grad_norm", "Gradients are scaled down to this norm; 0: never.", reference },
    OptionNote{ "part.ema_beta", "Upper bound of the moving average that is kept of the weights.",
                reference },
    OptionNote{ "part.ema_power", "The average's decay grows as 1 - (1 + updates / inv_gamma)^-power.",
                reference },
    OptionNote{ "part.ema_inv_gamma", "See ema_power.", reference },
    OptionNote{ "part.ema_min_value", "Lower bound of the average's decay.", reference },
    OptionNote{ "part.ema_update_every", "Steps between two updates of the average.", reference },
    OptionNote{ "part.ema_update_after_step", "Until this step the average is a copy of the weights.",
                reference },
    OptionNote{ "part.patience",
                "Validations in a row without a new best after which the part ends; 0: never.", own },
    OptionNote{ "part.keep_best",
                "The part ends with the weights of its best validation instead of the last.", own },
    OptionNote{ "clip.lock_image", "Only the text tower learns; pictures keep the embeddings they have.",
                "Zhai et al. 2022, LiT" },
    OptionNote{ "clip.temperature", "Logarithm of the similarity's scale at the start.", x_clip },
    OptionNote{ "clip.augment_shift", "Pictures move by up to this share of their side.", own },
    OptionNote{ "clip.augment_zoom", "Pictures grow or shrink by up to this share.", own },
    OptionNote{ "unet.image_embed_noise",
                "Gaussian noise added to the image embedding, as a share of its length.", own },
    OptionNote{
        "unet.prior_embed_share",
        "Share of the pictures that take an embedding drawn from the trained prior instead of CLIP's.", own },
    OptionNote{ "unet.prior_embeds", "Such embeddings for each caption, drawn once.", own },
};

bool is_number(const std::string& text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// "unet2.lr" as "unet.lr", "model.decoder.unets.0.dim" as "model.decoder.unets.dim".
std::string without_numbers(const std::string& key)
{
    std::string plain;
    std::istringstream words(key);
    for (std::string word; std::getline(words, word, '.');) {
        if (is_number(word))
            continue;
        if (plain.empty() && word.starts_with("unet") && is_number(word.substr(4)))
            word = "unet";
        plain += (plain.empty() ? "" : ".") + word;
    }
    return plain;
}

} // namespace

std::span<const OptionNote> notes_on_runs()
{
    return run_notes;
}

const OptionNote* option_note(const std::string& key)
{
    const auto plain = without_numbers(key);
    const auto dot = plain.find('.');
    const auto of_any_part = dot == std::string::npos ? plain : "part" + plain.substr(dot);
    for (const auto& notes :
         { notes_on_runs(), notes_on_clips(), notes_on_priors(), notes_on_decoders(), notes_on_vqgans() })
        for (const auto& note : notes)
            if (plain == note.key || of_any_part == note.key)
                return &note;
    return nullptr;
}

} // namespace reverie
