// SPDX-License-Identifier: MIT
#include "core/base/random_key.h"
#include "core/train/device_memory.h"
#include "core/train/sample_pictures.h"
#include "core/train/training_facts.h"
#include "core/train/training_plan.h"
#include "core/train/training_session.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace fs = std::filesystem;

std::unique_ptr<Objective> TrainingSession::objective(const std::string& part)
{
    if (part == "clip")
        return clip_objective(XClip(std::dynamic_pointer_cast<XClipImpl>(pipeline_.clip)), *corpus_,
                              config_.clip, group_);
    if (part == "vqgan")
        return vqgan_objective(pipeline_.vqgan, *dataset_, device_, config_.vqgan, group_);
    if (!corpus_->image_embed.defined()) {
        say(part, "Embedding all pictures and captions.");
        corpus_->embed(*pipeline_.clip, /*given=*/true);
    }
    if (part == "prior")
        return prior_objective(pipeline_.prior, *corpus_, config_.model.sampling, config_.seed);
    const auto number = std::stoul(part.substr(4));
    return unet_objective(pipeline_.decoder, std::int64_t(number), *corpus_, config_.unets.at(number - 1),
                          config_.model.sampling);
}

/// False if it was stopped on the way.
bool TrainingSession::draw_prior_embeddings(std::int64_t count)
{
    if (corpus_->prior_embed.defined() && corpus_->prior_embed.size(1) >= count)
        return true;
    constexpr std::int64_t batch = 256;
    const auto rows = std::int64_t(dataset_->captions().size());
    std::vector<Tensor> drawn;
    for (std::int64_t k = 0; k < count; ++k) {
        reporter_->event("prior", 0,
                         "Drawing embeddings from the prior (" + std::to_string(k + 1) + " of "
                             + std::to_string(count) + ").");
        std::vector<Tensor> pieces;
        for (std::int64_t begin = 0; begin < rows; begin += batch) {
            if (stop_.stop_requested())
                return false;
            Rows piece;
            for (auto row = begin; row < std::min(begin + batch, rows); ++row)
                piece.push_back(row);
            const auto key = random_key({ config_.seed, name_key("prior embeddings"), std::uint64_t(k) });
            pieces.push_back(draw_embeddings(pipeline_.prior, *corpus_, piece, config_.model.sampling, key));
        }
        drawn.push_back(torch::cat(pieces));
    }
    corpus_->prior_embed = torch::stack(drawn, 1);
    return true;
}

/// False if it was stopped on the way.
bool TrainingSession::train_part(const std::string& part)
{
    const auto resumed_part
        = resumed_ ? std::find(parts_.begin(), parts_.end(), resumed_->part) : parts_.end();
    if (resumed_part != parts_.end() && std::find(parts_.begin(), resumed_part, part) != resumed_part)
        return true; // finished before the run was stopped
    const auto goal = objective(part);
    PartTrainer trainer(*goal, part_options(config_, part), part, config_.seed, *dataset_,
                        { group_, batches_ }, config_.shuffle_window);
    bool goes_on = false;
    if (group_.leads()) {
        goes_on = lead_part(part, *goal, trainer);
        trainer.dismiss(goes_on);
    } else {
        goes_on = trainer.follow({ [this](const TensorMap& tensors) { take_prior_embed(tensors); },
                                   hooks(part, *goal, trainer).leave_device });
    }
    if (part == "clip")
        corpus_->forget_embeddings(); // the last evaluation may have been of other weights
    if (part == "vqgan" && goes_on && pipeline_.decoder)
        give_autoencoder(*pipeline_.vqgan);
    return goes_on;
}

void TrainingSession::take_prior_embed(const TensorMap& tensors)
{
    if (const auto drawn = tensors.find("prior_embed"); drawn != tensors.end())
        corpus_->prior_embed = drawn->second.to(device_);
}

/// False if it was stopped on the way.
bool TrainingSession::lead_part(const std::string& part, Objective& goal, PartTrainer& trainer)
{
    const bool resumed_here = resumed_ && resumed_->part == part;
    PartLoop loop(part, config_, goal, trainer, *run_, *reporter_, hooks(part, goal, trainer));
    if (resumed_here) {
        take_prior_embed(loop.restore(*resumed_));
        reporter_->event(part, resumed_->step, "Resumed at step " + std::to_string(resumed_->step) + ".");
    } else {
        auto facts = part == "vqgan" ? vqgan_facts(config_, *dataset_, goal.module())
                                     : training_facts(part, config_, *corpus_, goal.module());
        facts["batch"] = trainer.samples();
        if (const auto clip = trained_.find("clip"); clip != trained_.end())
            facts["clip_steps"] = clip->second;
        reporter_->numbers(part, 0, "facts", facts);
    }
    const auto* unet = part.starts_with("unet") ? &config_.unets.at(std::stoul(part.substr(4)) - 1) : nullptr;
    if (unet && unet->prior_embed_share > 0) {
        if (!draw_prior_embeddings(unet->prior_embeds))
            return false;
        trainer.send({ { "prior_embed", corpus_->prior_embed } });
    }
    loop.expect(expected_);
    if (!loop.run(dataset_->train(), dataset_->test(), stop_))
        return false;
    trained_[part] = trainer.steps_done();
    std::erase_if(expected_, [&](const LaterSetting& setting) { return setting.part == part; });
    return !loop.stopped() || part == parts_.back();
}

PartLoop::Hooks TrainingSession::hooks(const std::string& part, Objective& objective, PartTrainer& trainer)
{
    PartLoop::Hooks hooks;
    hooks.save_model = [this, part, &trainer](const fs::path& folder) {
        trained_[part] = trainer.steps_done();
        save_pipeline(folder / "model.safetensors", trained_pipeline());
    };
    hooks.sample = [this, part, &objective](std::int64_t step, const std::vector<std::string>& prompts) {
        sample(part, step, objective, prompts);
    };
    hooks.extra = [this] {
        return corpus_ && corpus_->prior_embed.defined()
            ? TensorMap{ { "prior_embed", corpus_->prior_embed } }
            : TensorMap();
    };
    hooks.leave_device = [this, &trainer](bool away) {
        const auto device = away ? at::Device(at::kCPU) : device_;
        trainer.to(device);
        place(device);
        if (away)
            release_device_memory();
    };
    return hooks;
}

bool TrainingSession::can_draw_prompts(const std::string& part) const
{
    if (!part.starts_with("unet") || !pipeline_.prior || !trained_.contains("prior"))
        return false;
    for (std::int64_t number = 1; number < std::stoll(part.substr(4)); ++number)
        if (!trained_.contains("unet" + std::to_string(number)))
            return false;
    return true;
}

/// The prompts, or if the parts before this one can't draw them, captions of the data set with their own
/// embeddings.
void TrainingSession::sample(const std::string& part, std::int64_t step, Objective& objective,
                             const std::vector<std::string>& prompts)
{
    const torch::NoGradGuard no_grad;
    auto captions = prompts.empty() ? config_.sample_prompts : prompts;
    Tensor pictures;
    if (!captions.empty() && can_draw_prompts(part)) {
        pictures = draw_prompts(pipeline_, captions, std::stoll(part.substr(4)),
                                random_key({ config_.seed, name_key("prompts") }));
    } else {
        const auto rows = sample_rows(*dataset_);
        std::vector<std::uint64_t> keys;
        for (const auto row : rows)
            keys.push_back(random_key({ config_.seed, name_key("samples"), std::uint64_t(row) }));
        KeyedNoise noise(keys);
        captions = captions_of(*dataset_, rows);
        pictures = objective.sample(rows, noise);
    }
    if (pictures.defined())
        write_samples(run_->sample_folder(part, step), pictures, captions, config_.seed);
}

} // namespace reverie
