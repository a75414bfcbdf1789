// SPDX-License-Identifier: MIT
#include "core/train/training_session.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random_key.h"
#include "core/io/dataset_file.h"
#include "core/io/state_dict.h"
#include "core/nn/device.h"
#include "core/train/training_plan.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <thread>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

} // namespace

TrainingSession::TrainingSession(const TrainRequest& request, const OnTrainUpdate& on_update,
                                 std::stop_token stop)
    : request_(request)
    , on_update_(on_update)
    , stop_(std::move(stop))
    , config_(resolve_config(request))
    , device_(device_named(request.device))
    , started_(std::chrono::steady_clock::now())
{
    if (request.resume) { // what the run was started for
        const auto recorded = json::parse(read_file(request.run / "run.json"));
        request_.what = recorded.value("what", request.what);
        request_.unet = recorded.value("unet", request.unet);
        if (request.init.empty())
            request_.init = recorded.value("init", std::string());
    }
    if (!request.dtype.empty() && request.dtype != "f32")
        throw UsageError("Training computes in f32; leave --dtype out.");
    parts_ = parts_to_train(request_, config_);
    const int cores = int(std::max(1U, std::thread::hardware_concurrency()));
    torch::set_num_threads(request.threads > 0 ? request.threads : cores);
    torch::manual_seed(random_key({ config_.seed, name_key("weights") }));
    pipeline_ = build_pipeline(config_.model);
    if (const auto clip = std::dynamic_pointer_cast<XClipImpl>(pipeline_.clip))
        clip->set_temperature(config_.clip.temperature);
    dataset_ = open_dataset(config_.data, picture_size(config_.model));
    load_weights();
    check_parts();
}

/// Copies what `file` has of each part into the pipeline; with `whole`, it must have all that is trained.
void TrainingSession::take_weights(const fs::path& file, bool whole)
{
    auto loaded = load_pipeline(file);
    const auto take = [&](auto& own, const auto& other, const char* prefix) {
        if (own && other)
            load_state_dict(*own, state_dict(*other, prefix), prefix, file.string());
    };
    take(pipeline_.clip, loaded.clip, "clip.");
    take(pipeline_.prior, loaded.prior, "prior.");
    take(pipeline_.decoder, loaded.decoder, "decoder.");
    pipeline_.tokenizer = std::move(loaded.tokenizer);
    const auto trained = loaded.metadata.find("reverie.trained");
    if (trained == loaded.metadata.end()) {
        if (whole)
            throw Error(file.string() + " does not say what was trained; go on from another checkpoint.");
        return;
    }
    const auto steps_by_part = json::parse(trained->second, nullptr, /*allow_exceptions=*/false);
    for (const auto& [part, steps] : steps_by_part.items())
        if (steps.is_number_integer())
            trained_[part] = steps;
}

void TrainingSession::load_weights()
{
    if (request_.resume) {
        const auto checkpoints = list_checkpoints(request_.run);
        if (!checkpoints.empty()) {
            resumed_ = checkpoints.back();
            take_weights(resumed_->folder / "model.safetensors", /*whole=*/true);
        }
    }
    if (!resumed_ && !request_.init.empty())
        take_weights(request_.init, /*whole=*/false);
    const auto place = [this](auto& part) {
        if (part) {
            part->to(device_);
            part->eval();
        }
    };
    place(pipeline_.clip);
    place(pipeline_.prior);
    place(pipeline_.decoder);
}

/// Every part needs the ones before it, trained here or loaded.
void TrainingSession::check_parts() const
{
    const auto available = [&](const std::string& part) {
        return trained_.contains(part) || std::find(parts_.begin(), parts_.end(), part) != parts_.end();
    };
    if (std::find(parts_.begin(), parts_.end(), "clip") != parts_.end()
        && !std::holds_alternative<XClipOptions>(*config_.model.clip))
        throw UsageError(
            "The CLIP is of the kind " + std::string(clip_kind(*config_.model.clip))
            + " and only an x_clip can be trained; give a model with a trained one by --init, and "
              "train its prior and decoder.");
    const bool needs_clip
        = std::any_of(parts_.begin(), parts_.end(), [](const auto& part) { return part != "clip"; });
    if (needs_clip && (!pipeline_.clip || !available("clip")))
        throw UsageError(
            "The prior and the decoder are trained on what a CLIP sees; train all, or give a model with a "
            "trained CLIP by --init.");
    for (std::size_t i = 0; i < config_.unets.size(); ++i)
        if (config_.unets[i].prior_embed_share > 0 && available("unet" + std::to_string(i + 1))
            && request_.what == "decoder" && !available("prior"))
            throw UsageError(
                "With prior_embed_share the decoder needs a trained prior; give a model with one by "
                "--init, or set it to 0.");
}

void TrainingSession::prepare_corpus()
{
    if (!pipeline_.tokenizer) {
        pipeline_.tokenizer = Tokenizer::train(captions_of(*dataset_, dataset_->train()),
                                               std::size_t(config_.tokenizer.vocab_size));
        event("tokenizer", 0,
              "Learned a vocabulary of " + std::to_string(pipeline_.tokenizer->vocab_size())
                  + " tokens from the captions.");
    }
    if (!pipeline_.clip)
        return;
    const auto vocabulary = std::int64_t(pipeline_.tokenizer->vocab_size());
    if (vocabulary > pipeline_.clip->num_text_tokens())
        throw UsageError("The vocabulary has " + std::to_string(vocabulary) + " tokens and the CLIP knows "
                         + std::to_string(pipeline_.clip->num_text_tokens())
                         + "; set model.clip.num_text_tokens to at least as many.");
    corpus_ = std::make_unique<Corpus>(*dataset_, *pipeline_.tokenizer, *pipeline_.clip, config_.captions,
                                       device_);
}

TrainResult TrainingSession::run()
{
    run_ = std::make_unique<RunDirectory>(request_.run, request_.resume);
    try {
        run_->write_configuration(json{ { "reverie", REVERIE_VERSION },
                                        { "what", request_.what },
                                        { "unet", request_.unet },
                                        { "init", request_.init.string() },
                                        { "config", to_json(config_) } }
                                      .dump(2)
                                  + "\n");
        run_->set_state("running");
        prepare_corpus();
        TrainResult result;
        for (const auto& part : parts_) {
            if (!train_part(part)) {
                result.stopped = true;
                break;
            }
        }
        if (!result.stopped)
            result.model = save_model();
        run_->set_state(result.stopped ? "stopped" : "finished");
        return result;
    } catch (const c10::Error& error) { // its what() goes on with a backtrace
        const std::string reason = error.what_without_backtrace();
        fail("LibTorch could not go on (" + reason.substr(0, reason.find('\n'))
             + "); go on from the last checkpoint with "
               "--resume, with a smaller batch if memory ran out.");
    } catch (const std::exception& error) {
        run_->set_state("failed", error.what());
        run_->log(error.what());
        throw;
    }
}

void TrainingSession::fail(const std::string& reason)
{
    run_->set_state("failed", reason);
    run_->log(reason);
    throw Error(reason);
}

const PartOptions& TrainingSession::options(const std::string& part) const
{
    if (part == "clip")
        return config_.clip;
    if (part == "prior")
        return config_.prior;
    return config_.unets.at(std::stoul(part.substr(4)) - 1);
}

std::unique_ptr<Objective> TrainingSession::objective(const std::string& part)
{
    if (part == "clip")
        return clip_objective(XClip(std::dynamic_pointer_cast<XClipImpl>(pipeline_.clip)), *corpus_,
                              config_.clip);
    if (!corpus_->image_embed.defined()) {
        event(part, 0, "Embedding all pictures and captions.");
        corpus_->embed(*pipeline_.clip);
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
        event("prior", 0,
              "Drawing embeddings from the prior (" + std::to_string(k + 1) + " of " + std::to_string(count)
                  + ").");
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

bool TrainingSession::train_part(const std::string& part)
{
    const auto resumed_part
        = resumed_ ? std::find(parts_.begin(), parts_.end(), resumed_->part) : parts_.end();
    const bool resumed_here = resumed_ && resumed_->part == part;
    if (resumed_part != parts_.end() && std::find(parts_.begin(), resumed_part, part) != resumed_part)
        return true; // finished before the run was stopped
    const auto goal = objective(part);
    PartTrainer trainer(*goal, options(part), part, config_.seed, dataset_->train());
    if (resumed_here) {
        auto state = trainer.load_state(resumed_->folder / "state.safetensors", resumed_->step);
        if (const auto drawn = state.find("prior_embed"); drawn != state.end())
            corpus_->prior_embed = drawn->second.to(device_);
        event(part, resumed_->step, "Resumed at step " + std::to_string(resumed_->step) + ".");
    }
    const auto* unet = part.starts_with("unet") ? &config_.unets.at(std::stoul(part.substr(4)) - 1) : nullptr;
    if (unet && unet->prior_embed_share > 0 && !draw_prior_embeddings(unet->prior_embeds))
        return false;
    return loop(part, *goal, trainer);
}

} // namespace reverie
