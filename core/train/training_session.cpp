// SPDX-License-Identifier: MIT
#include "core/train/training_session.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random_key.h"
#include "core/io/png.h"
#include "core/io/state_dict.h"
#include "core/train/run_training.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <thread>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

double seconds_since(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

at::Device pick_device(const std::string& name)
{
    if (name == "cpu" || (name == "auto" && !torch::cuda::is_available()))
        return torch::kCPU;
    const bool cuda = name == "auto" || name == "cuda" || name.starts_with("cuda:");
    if (!cuda)
        throw UsageError("There is no device \"" + name + "\"; choose auto, cpu, cuda or cuda:N.");
    if (!torch::cuda::is_available())
        throw UsageError("This machine has no CUDA device that LibTorch can use; choose cpu.");
    try {
        return at::Device(name == "auto" ? "cuda:0" : name);
    } catch (const c10::Error&) {
        throw UsageError("There is no device \"" + name + "\"; choose auto, cpu, cuda or cuda:N.");
    }
}

std::vector<std::string> parts_to_train(const TrainRequest& request, const TrainingConfig& config)
{
    std::vector<std::string> parts;
    const bool all = request.what == "all";
    if (!all && request.what != "tokenizer" && request.what != "clip" && request.what != "prior"
        && request.what != "decoder")
        throw UsageError("There is no part \"" + request.what
                         + "\"; choose tokenizer, clip, prior, decoder or all.");
    if ((all || request.what == "clip") && config.model.clip)
        parts.emplace_back("clip");
    if ((all || request.what == "prior") && config.model.prior)
        parts.emplace_back("prior");
    if ((all || request.what == "decoder") && config.model.decoder) {
        if (request.unet > int(config.unets.size()))
            throw UsageError("The decoder has " + std::to_string(config.unets.size())
                             + " U-Nets; there is no number " + std::to_string(request.unet) + ".");
        for (std::size_t i = 1; i <= config.unets.size(); ++i)
            if (request.unet == 0 || request.unet == int(i))
                parts.push_back("unet" + std::to_string(i));
    }
    if (parts.empty() && request.what != "tokenizer")
        throw UsageError("The configuration has no model for \"" + request.what
                         + "\"; choose a preset, or describe one under \"model\".");
    return parts;
}

/// Pictures are kept at the size of the last stage; CLIP and earlier stages scale them down.
int picture_size(const PipelineConfig& config)
{
    std::int64_t size = config.clip ? config.clip->visual_image_size : 0;
    if (config.decoder) {
        const auto& sizes = config.decoder->image_sizes;
        size = std::max(size, sizes.empty() ? config.decoder->image_size.value_or(0) : sizes.back());
    }
    return int(std::max<std::int64_t>(size, 8));
}

std::string today()
{
    const std::time_t time = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc);
    return text.data();
}

Image to_image(const Tensor& picture)
{
    const auto bytes = (picture.detach().to(torch::kCPU, torch::kFloat).clamp(0, 1) * 255)
                           .round()
                           .to(torch::kByte)
                           .permute({ 1, 2, 0 })
                           .contiguous();
    const auto* begin = bytes.data_ptr<std::uint8_t>();
    return { int(bytes.size(1)), int(bytes.size(0)), { begin, begin + bytes.numel() } };
}

/// What sample pictures are drawn for: mostly rows that are trained on, and some that are not.
Rows sample_rows(const Dataset& dataset)
{
    Rows rows;
    const auto add = [&rows](const Rows& split, std::size_t count) {
        for (std::size_t i = 0; i < std::min(count, split.size()); ++i)
            rows.push_back(split[i * split.size() / count]);
    };
    add(dataset.train(), 12);
    add(dataset.test(), 4);
    return rows;
}

std::vector<std::string> captions_of(const Dataset& dataset, const Rows& rows)
{
    std::vector<std::string> captions;
    for (const auto row : rows)
        captions.push_back(dataset.captions()[std::size_t(row)]);
    return captions;
}

} // namespace

/// The steps since the last report. Losses are summed on the device.
struct TrainingSession::Window {
    Tensor loss;
    std::int64_t steps = 0;
    Clock::time_point begin = Clock::now();
};

TrainingSession::TrainingSession(const TrainRequest& request, const OnTrainUpdate& on_update,
                                 std::stop_token stop)
    : request_(request)
    , on_update_(on_update)
    , stop_(std::move(stop))
    , config_(resolve_config(request))
    , device_(pick_device(request.device))
    , started_(Clock::now())
{
    if (request.resume) { // what the run was started for
        const auto recorded = json::parse(read_file(request.run / "run.json"));
        request_.what = recorded.value("what", request.what);
        request_.unet = recorded.value("unet", request.unet);
    }
    if (!request.dtype.empty() && request.dtype != "f32")
        throw UsageError("Training computes in f32; leave --dtype out.");
    parts_ = parts_to_train(request_, config_);
    const int cores = int(std::max(1U, std::thread::hardware_concurrency()));
    torch::set_num_threads(request.threads > 0 ? request.threads : cores);
    torch::manual_seed(random_key({ config_.seed, name_key("weights") }));
    pipeline_ = build_pipeline(config_.model);
    if (pipeline_.clip)
        pipeline_.clip->set_temperature(config_.clip.temperature);
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
    if (vocabulary > config_.model.clip->num_text_tokens)
        throw UsageError("The vocabulary has " + std::to_string(vocabulary) + " tokens and the CLIP knows "
                         + std::to_string(config_.model.clip->num_text_tokens)
                         + "; set model.clip.num_text_tokens to at least as many.");
    corpus_ = std::make_unique<Corpus>(*dataset_, *pipeline_.tokenizer, config_.model.clip->text_seq_len,
                                       device_);
}

TrainResult TrainingSession::run()
{
    run_ = std::make_unique<RunDirectory>(request_.run, request_.resume);
    try {
        run_->write_configuration(json{ { "reverie", REVERIE_VERSION },
                                        { "what", request_.what },
                                        { "unet", request_.unet },
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
    } catch (const std::exception& error) {
        run_->set_state("failed", error.what());
        run_->log(error.what());
        throw;
    }
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
        return clip_objective(pipeline_.clip, *corpus_, config_.clip);
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

bool TrainingSession::loop(const std::string& part, Objective& objective, PartTrainer& trainer)
{
    const auto steps = options(part).steps;
    const auto is_due = [&](std::int64_t every) { return every > 0 && trainer.steps_done() % every == 0; };
    if (trainer.steps_done() < steps)
        event(part, trainer.steps_done(), "Training " + part + " for " + std::to_string(steps) + " steps.");
    Window window;
    while (trainer.steps_done() < steps && !stop_.stop_requested()) {
        const auto step = trainer.step();
        window.loss = window.loss.defined() ? window.loss + step.loss : step.loss;
        ++window.steps;
        const auto done = trainer.steps_done();
        if (is_due(config_.report_every) || done == steps)
            report(part, step, done, window);
        if (is_due(config_.sample_every) || done == steps) {
            evaluate(part, objective, trainer);
            window = {};
        }
        if (is_due(config_.checkpoint_every) && done < steps) {
            checkpoint(part, trainer);
            window = {};
        }
    }
    checkpoint(part, trainer);
    if (trainer.steps_done() < steps)
        return false;
    trainer.finish();
    return true;
}

void TrainingSession::report(const std::string& part, const PartTrainer::Step& step, std::int64_t done,
                             Window& window)
{
    TrainUpdate update;
    update.part = part;
    update.step = done;
    update.steps = options(part).steps;
    update.lr = step.lr;
    update.loss = (window.loss / double(window.steps)).item<double>(); // waits for the device
    const double steps_per_s = double(window.steps) / std::max(seconds_since(window.begin), 1e-9);
    update.samples_per_s = steps_per_s * double(options(part).batch);
    update.seconds_left = double(update.steps - done) / steps_per_s;
    if (!std::isfinite(update.loss))
        throw Error("The loss of " + part + " became infinite at step " + std::to_string(done)
                    + "; lower lr and go on from the last checkpoint with --resume.");
    run_->append_metrics(json{ { "part", part },
                               { "step", done },
                               { "time", seconds_since(started_) },
                               { "split", "train" },
                               { "loss", update.loss },
                               { "lr", step.lr },
                               { "grad_norm", step.grad_norm.item<double>() },
                               { "samples_per_s", update.samples_per_s } }
                             .dump());
    run_->set_progress(part, done, update.steps, update.seconds_left);
    if (on_update_)
        on_update_(update);
    window = {};
}

void TrainingSession::evaluate(const std::string& part, Objective& objective, PartTrainer& trainer)
{
    const auto done = trainer.steps_done();
    trainer.with_average([&] {
        const torch::NoGradGuard no_grad;
        if (const auto numbers = objective.evaluate(); !numbers.empty()) {
            json line{
                { "part", part }, { "step", done }, { "time", seconds_since(started_) }, { "split", "test" }
            };
            std::string sentence;
            for (const auto& [name, value] : numbers) {
                line[name] = value;
                std::array<char, 64> text{};
                std::snprintf(text.data(), text.size(), "%s %.3f", name.c_str(), value);
                sentence += (sentence.empty() ? "" : ", ") + std::string(text.data());
            }
            run_->append_metrics(line.dump());
            event(part, done, "Evaluated " + part + ": " + sentence + ".");
        }
        const auto rows = sample_rows(*dataset_);
        std::vector<std::uint64_t> keys;
        for (const auto row : rows)
            keys.push_back(random_key({ config_.seed, name_key("samples"), std::uint64_t(row) }));
        KeyedNoise noise(keys);
        const auto pictures = objective.sample(rows, noise);
        if (!pictures.defined())
            return;
        const auto folder = run_->sample_folder(part, done);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::array<char, 16> name{};
            std::snprintf(name.data(), name.size(), "%02zu.png", i);
            write_file(folder / name.data(),
                       encode_png(to_image(pictures[std::int64_t(i)]),
                                  { { "prompt", dataset_->captions()[std::size_t(rows[i])] },
                                    { "seed", std::to_string(config_.seed) } }));
        }
    });
}

void TrainingSession::checkpoint(const std::string& part, PartTrainer& trainer)
{
    trained_[part] = trainer.steps_done();
    TensorMap extra;
    if (corpus_->prior_embed.defined())
        extra["prior_embed"] = corpus_->prior_embed;
    run_->write_checkpoint(part, trainer.steps_done(), [&](const fs::path& folder) {
        trainer.save_state(folder / "state.safetensors", extra);
        trainer.with_average([&] { save_pipeline(folder / "model.safetensors", trained_pipeline()); });
    });
    event(part, trainer.steps_done(),
          "Saved a checkpoint at step " + std::to_string(trainer.steps_done()) + ".");
}

void TrainingSession::event(const std::string& part, std::int64_t step, const std::string& sentence)
{
    run_->log(part + ": " + sentence);
    run_->append_metrics(
        json{ { "part", part }, { "step", step }, { "time", seconds_since(started_) }, { "event", sentence } }
            .dump());
    TrainUpdate update;
    update.part = part;
    update.step = step;
    update.event = sentence;
    if (on_update_)
        on_update_(update);
}

/// The parts that were trained, with what a reader of the file wants to know.
Pipeline TrainingSession::trained_pipeline() const
{
    auto pipeline = pipeline_;
    const bool unets = std::any_of(trained_.begin(), trained_.end(),
                                   [](const auto& entry) { return entry.first.starts_with("unet"); });
    if (!trained_.contains("clip")) {
        pipeline.clip = nullptr;
        pipeline.config.clip.reset();
    }
    if (!trained_.contains("prior")) {
        pipeline.prior = nullptr;
        pipeline.config.prior.reset();
    }
    if (!unets) {
        pipeline.decoder = nullptr;
        pipeline.config.decoder.reset();
    }
    const auto size = std::to_string(picture_size(config_.model));
    pipeline.metadata = { { "reverie.trained", json(trained_).dump() },
                          { "reverie.captions", json(captions_of(*dataset_, dataset_->train())).dump() },
                          { "reverie.description", config_.description },
                          { "modelspec.sai_model_spec", "1.0.0" },
                          { "modelspec.architecture", "unclip" },
                          { "modelspec.implementation", "reverie" },
                          { "modelspec.title", config_.title.empty() ? config_.data : config_.title },
                          { "modelspec.description", config_.description },
                          { "modelspec.date", today() },
                          { "modelspec.resolution", size + "x" + size } };
    return pipeline;
}

fs::path TrainingSession::save_model()
{
    const auto path = run_->path() / "model.safetensors";
    save_pipeline(path, trained_pipeline(), config_.dtype);
    event(parts_.empty() ? "tokenizer" : parts_.back(), 0, "Saved the model as " + path.string() + ".");
    return path;
}

TrainResult run_training(const TrainRequest& request, const OnTrainUpdate& on_update, std::stop_token stop)
{
    return TrainingSession(request, on_update, std::move(stop)).run();
}

std::string resolved_training_config(const TrainRequest& request)
{
    return to_json(resolve_config(request)).dump(2);
}

} // namespace reverie
