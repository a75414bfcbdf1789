// SPDX-License-Identifier: MIT
#include "core/train/training_session.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random_key.h"
#include "core/io/dataset_file.h"
#include "core/nn/device.h"
#include "core/run/run_list.h"
#include "core/train/batch_order.h"
#include "core/train/resolved_run.h"
#include "core/train/run_limits.h"
#include "core/train/training_facts.h"
#include "core/train/training_plan.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <thread>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Whether its codebook holds codes.
bool is_learnt(const VQGanVAEImpl& vae)
{
    return vae.codebook().abs().sum().item<double>() > 0;
}

/// Of its rows and both splits.
std::uint64_t key_of(const Dataset& dataset)
{
    std::uint64_t key = 0;
    for (std::size_t row = 0; row < dataset.captions().size(); ++row)
        key = random_key({ key, name_key(dataset.captions()[row]),
                           name_key(fs::path(dataset.name(std::int64_t(row))).filename().string()) });
    for (const auto* split : { &dataset.train(), &dataset.test() }) {
        key = random_key({ key, split->size() });
        for (const auto row : *split)
            key = random_key({ key, std::uint64_t(row) });
    }
    return key;
}

/// What ranks on several machines would learn from different data is wrong without a sign of it.
void compare_data(const Dataset& dataset, const std::string& place, ProcessGroup& group)
{
    if (group.is_alone())
        return;
    const auto keys = group.gather(std::to_string(key_of(dataset)));
    for (std::size_t rank = 1; rank < keys.size(); ++rank)
        if (keys[rank] != keys[0])
            throw UsageError("Rank " + std::to_string(rank) + " sees other pictures under " + place
                             + " than rank 0; give all ranks the same data.");
}

} // namespace

TrainingSession::TrainingSession(const TrainRequest& request, const OnTrainUpdate& on_update,
                                 ProcessGroup& group)
    : request_(request)
    , asked_(asked(request))
    , on_update_(on_update)
    , group_(group)
    , stop_(group.stop_token())
    , device_(at::kCPU)
{
    if (!group_.leads()) {
        request_.run.clear(); // until rank 0 has one
        return;
    }
    resolve();
    check_ranks(config_, parts_, group_.size());
    check_limits(config_, parts_, device_, request_.run);
    if (!request_.after.empty() && !read_run_status(request_.after))
        throw UsageError(request_.after.string() + " holds no run to wait for; check the path.");
    if (!request_.after.empty() && fs::weakly_canonical(request_.after) == fs::weakly_canonical(request_.run))
        throw UsageError("A run can't wait for itself; give another folder with --after.");
    try {
        if (request_.after.empty())
            prepare();
    } catch (const RankError& error) {
        throw RankError(after_loss(error.what()), error.said_elsewhere);
    }
}

void TrainingSession::resolve()
{
    auto resolved = resolve_run(request_);
    request_ = std::move(resolved.request);
    config_ = std::move(resolved.config);
    parts_ = std::move(resolved.parts);
    resumed_ = std::move(resolved.resumed);
    expected_ = std::move(resolved.expected);
    batches_ = resolved.batches;
    settle_in();
}

/// Models, data and weights.
void TrainingSession::prepare()
{
    torch::set_num_threads(request_.threads);
    torch::manual_seed(random_key({ config_.seed, name_key("weights") }));
    pipeline_ = build_pipeline(config_.model);
    if (const auto clip = std::dynamic_pointer_cast<XClipImpl>(pipeline_.clip))
        clip->set_temperature(config_.clip.temperature);
    if (group_.leads())
        group_.broadcast(plan()); // of what can be built
    group_.use(device_);
    dataset_ = open_dataset(config_.data, picture_size(config_.model), config_.pictures);
    compare_data(*dataset_, config_.data, group_);
    if (group_.leads())
        load_weights();
    share_weights();
    if (group_.leads())
        check_parts();
}

/// Every part needs the ones before it, trained here or loaded.
void TrainingSession::check_parts()
{
    const auto available = [&](const std::string& part) {
        return trained_.contains(part) || std::find(parts_.begin(), parts_.end(), part) != parts_.end();
    };
    check_trainable(config_, parts_, device_);
    for (const auto& part : parts_)
        if (part != "prior" && !dataset_->has_pictures())
            throw UsageError("\"" + config_.data
                             + "\" holds embeddings without pictures; train the prior from it, and the "
                               "other parts from pictures.");
    if (pipeline_.decoder && std::find(parts_.begin(), parts_.end(), "vqgan") != parts_.end())
        give_autoencoder(*pipeline_.vqgan); // or say now that it does not fit
    for (const auto& part : parts_)
        if (part.starts_with("unet") && !available("vqgan"))
            if (const auto vae = pipeline_.decoder->vae(std::stoll(part.substr(4))); vae && !is_learnt(*vae))
                throw UsageError("Stage " + part.substr(4)
                                 + " of the decoder works on the features of a VQGAN-VAE that was never "
                                   "trained; train one with \"dream train vqgan\" and give it by --init.");
    const bool needs_clip = std::any_of(parts_.begin(), parts_.end(),
                                        [](const auto& part) { return part != "clip" && part != "vqgan"; });
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
    if (const auto& flaws = dataset_->flaws(); !flaws.empty())
        say("data",
            std::to_string(flaws.size()) + " pictures or files are left out, to begin with because "
                + flaws[0].sentence + " See all of them with \"dream dataset check\".");
    const bool reads = parts_.empty() || pipeline_.clip;
    if (!pipeline_.tokenizer && reads) {
        const auto size = std::size_t(config_.tokenizer.vocab_size);
        if (group_.leads())
            pipeline_.tokenizer = Tokenizer::train(captions_of(*dataset_, dataset_->train()), size);
        const auto merges = group_.broadcast(group_.leads() ? pipeline_.tokenizer->merges_text() : "");
        if (!group_.leads())
            pipeline_.tokenizer = Tokenizer(merges, size);
        say("tokenizer",
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

TrainingSession::~TrainingSession()
{
    group_.on_stuck(request_.give_up);
}

TrainResult TrainingSession::run()
{
    return group_.leads() ? lead() : follow();
}

TrainResult TrainingSession::lead()
{
    run_ = std::make_unique<RunDirectory>(request_.run, request_.resume);
    try {
        note_run(run_->path());
        write_configuration();
        reporter_ = std::make_unique<RunReporter>(*run_, on_update_);
        watch_ranks();
        TrainResult result;
        result.stopped = !wait_for_turn();
        if (result.stopped)
            group_.broadcast(std::string()); // there is no plan
        else
            result = train_parts();
        run_->set_state(result.stopped ? "stopped" : "finished");
        return result;
    } catch (const c10::Error& error) { // its what() goes on with a backtrace
        const std::string reason = error.what_without_backtrace();
        fail("LibTorch could not go on (" + reason.substr(0, reason.find('\n'))
             + "); go on from the last checkpoint with "
               "--resume, with a smaller batch if memory ran out.");
    } catch (const RankError& error) {
        fail(after_loss(error.what()));
    } catch (const UsageError& error) {
        note_failure(error.what());
        throw;
    } catch (const std::exception& error) {
        fail(with_way_on(error.what()));
    }
}

void TrainingSession::fail(const std::string& reason)
{
    note_failure(reason);
    throw Error(reason);
}

/// If that can still be written.
void TrainingSession::note_failure(const std::string& reason)
{
    try {
        run_->set_state("failed", reason);
        run_->log(reason);
    } catch (const Error&) {
    }
}

/// What can be done where something was saved.
std::string TrainingSession::with_way_on(const std::string& reason) const
{
    if (reason.find("--resume") != std::string::npos || list_checkpoints(request_.run).empty())
        return reason;
    return reason + " Then go on from the last checkpoint with dream train --resume " + request_.run.string()
        + ".";
}

/// run.json says how the run was started; what changes on the way stands in metrics.jsonl.
void TrainingSession::write_configuration()
{
    if (request_.resume && !changes_configuration(request_))
        return;
    run_->write_configuration(json{ { "reverie", REVERIE_VERSION },
                                    { "what", request_.what },
                                    { "unet", request_.unet },
                                    { "init", request_.init.string() },
                                    { "device", request_.device },
                                    { "runs_on", device_.str() },
                                    { "threads", request_.threads },
                                    { "ranks", batches_ },
                                    { "config", to_json(config_) } }
                                  .dump(2, ' ', false, json::error_handler_t::replace)
                              + "\n");
    if (request_.resume)
        run_->append_metrics(json{ { "event", "The configuration was changed on resuming." },
                                   { "configuration", "changed" },
                                   { "part", resumed_ ? resumed_->part : "tokenizer" },
                                   { "step", resumed_ ? resumed_->step : 0 } }
                                 .dump());
}

/// Until the run before this one has ended. False if this one was stopped meanwhile.
bool TrainingSession::wait_for_turn()
{
    if (request_.after.empty())
        return true;
    const auto first = parts_.empty() ? std::string("tokenizer") : parts_.front();
    run_->set_state("starting", "Waiting for " + request_.after.string() + " to end.");
    reporter_->event(first, 0, "Waiting for " + request_.after.string() + " to end.");
    while (!stop_.stop_requested()) {
        for (const auto& request : run_->take_requests()) {
            const bool stop = request.verb == "stop";
            reporter_->answer(first, 0, request.verb, stop,
                              stop ? "Stopped before it began."
                                   : "The run has not begun; it can only be stopped.",
                              json::object());
            if (stop)
                return false;
        }
        if (const auto status = read_run_status(request_.after); !status || !is_alive(*status)) {
            prepare();
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return false;
}

TrainResult TrainingSession::train_parts()
{
    request_.run = group_.broadcast(request_.run.string());
    if (run_) {
        run_->set_state("running");
        if (const auto warning = shortage(config_, parts_, device_, run_->path()); !warning.empty())
            say(parts_.front(), warning);
    }
    if (request_.resume && !resumed_ && !parts_.empty())
        say(parts_.front(), "Resumed at step 0.");
    prepare_corpus();
    TrainResult result;
    for (const auto& part : parts_) {
        if (!train_part(part)) {
            result.stopped = true;
            return result;
        }
    }
    if (run_)
        result.model = save_model();
    return result;
}

} // namespace reverie
