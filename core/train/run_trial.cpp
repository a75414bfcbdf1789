// SPDX-License-Identifier: MIT
#include "core/train/run_trial.h"

#include "core/base/random_key.h"
#include "core/train/part_need.h"
#include "core/train/part_trainer.h"
#include "core/train/training_facts.h"
#include "core/train/training_plan.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace reverie {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t rows_to_train = 512, rows_to_validate = 64;
constexpr double steps_at_once = 2; ///< of a batch, the first of which prepares what is used again
constexpr double steps_of_whole = 4; ///< of one that a run has

double seconds_since(Clock::time_point begin)
{
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The lower quartile: others slow a step down, nothing hurries it, but what always runs slows the run too.
double usual(std::vector<double> times)
{
    const auto quartile = times.begin() + std::ptrdiff_t((times.size() - 1) / 4);
    std::nth_element(times.begin(), quartile, times.end());
    return *quartile;
}

/// Steps of drawing that stand for one that was tried.
double steps_of_drawing(const PipelineConfig& model, const std::string& part)
{
    if (part == "prior") // two times are one step
        return double(model.sampling.prior_steps.value_or(
                   model.prior->sample_timesteps.value_or(model.prior->timesteps)))
            - 1;
    if (!part.starts_with("unet"))
        return 1;
    const auto stage = std::stoul(part.substr(4)) - 1;
    if (stage < model.sampling.steps.size())
        return double(model.sampling.steps[stage]);
    return double(model.decoder->sample_timesteps.at(stage).value_or(model.decoder->timesteps));
}

/// Codes that mean nothing, so that stages can draw in the features of autoencoders that are yet to be
/// trained.
void imagine_codes(Decoder& decoder)
{
    const torch::NoGradGuard no_grad;
    for (std::int64_t number = 1; number <= decoder->num_unets(); ++number)
        if (auto vae = decoder->vae(number))
            for (auto& buffer : vae->named_buffers()) {
                if (buffer.key().ends_with("initted"))
                    buffer.value().fill_(1);
                else if (buffer.key().ends_with("embed"))
                    buffer.value().normal_();
            }
}

} // namespace

RunTrial::RunTrial(const TrainingConfig& config, const Dataset& dataset, at::Device device, MemoryPeak& peak)
    : config_(config)
    , one_step_(config.model.sampling)
    , device_(device)
    , rows_(std::make_unique<SomeRows>(dataset, spread(dataset.train(), rows_to_train),
                                       spread(dataset.test(), rows_to_validate)))
    , peak_(peak)
{
    one_step_.prior_steps = 2;
    one_step_.steps.assign(config.model.unets.size(), 1);
    torch::manual_seed(random_key({ config.seed, name_key("weights") }));
    pipeline_ = build_pipeline(config.model);
    if (pipeline_.decoder)
        imagine_codes(pipeline_.decoder);
    const auto settle = [device](auto& part) {
        if (part) {
            part->to(device);
            part->eval();
        }
    };
    settle(pipeline_.clip);
    settle(pipeline_.prior);
    settle(pipeline_.decoder);
    settle(pipeline_.vqgan);
    if (pipeline_.clip) {
        pipeline_.tokenizer
            = Tokenizer::train(captions_of(*rows_, rows_->train()),
                               std::min<std::size_t>(std::size_t(config.tokenizer.vocab_size),
                                                     std::size_t(pipeline_.clip->num_text_tokens())));
        corpus_ = std::make_unique<Corpus>(*rows_, *pipeline_.tokenizer, *pipeline_.clip, config.captions,
                                           device);
        imagine_embeddings();
    }
}

/// In the shape of CLIP's; making real ones of many rows takes long.
void RunTrial::imagine_embeddings()
{
    const torch::NoGradGuard no_grad;
    const auto n = corpus_->ids.size(0), d = pipeline_.clip->dim_latent();
    const auto one = pipeline_.clip->embed_text(corpus_->ids.slice(0, 0, 1)).text_encodings;
    const auto options = torch::TensorOptions(device_);
    corpus_->text_embed = torch::nn::functional::normalize(torch::randn({ n, d }, options));
    corpus_->image_embed = torch::nn::functional::normalize(torch::randn({ n, d }, options));
    corpus_->text_encodings = torch::randn({ n, one.size(1), one.size(2) }, options);
}

double RunTrial::embedding_seconds()
{
    const torch::NoGradGuard no_grad;
    const auto rows = spread(rows_->train(), 16);
    double fastest = 1e9;
    for (int run = 0; run < 2; ++run) {
        const auto begin = Clock::now();
        pipeline_.clip->embed_text(corpus_->take(corpus_->ids, rows));
        if (rows_->has_pictures())
            pipeline_.clip->embed_image(corpus_->pictures(rows)).image_embed.sum().item<float>();
        fastest = std::min(fastest, seconds_since(begin) / double(rows.size()));
    }
    return fastest;
}

std::unique_ptr<Objective> RunTrial::objective(const std::string& part)
{
    if (part == "clip") {
        auto options = config_.clip;
        return clip_objective(XClip(std::dynamic_pointer_cast<XClipImpl>(pipeline_.clip)), *corpus_, options,
                              alone_);
    }
    if (part == "prior")
        return prior_objective(pipeline_.prior, *corpus_, one_step_, config_.seed);
    if (part == "vqgan")
        return vqgan_objective(pipeline_.vqgan, *rows_, device_, config_.vqgan, alone_);
    const auto number = std::stoul(part.substr(4));
    return unet_objective(pipeline_.decoder, std::int64_t(number), *corpus_, config_.unets.at(number - 1),
                          one_step_);
}

RunTrial::Steps RunTrial::take_steps(const std::string& part, Objective& objective, std::int64_t batch,
                                     double seconds, std::stop_token stop)
{
    auto options = part_options(config_, part);
    const double least = batch == options.batch ? steps_of_whole : steps_at_once;
    options.batch = batch;
    PartTrainer trainer(objective, options, part, config_.seed, *rows_, { alone_, 1 });
    const auto begin = Clock::now();
    std::vector<double> times;
    constexpr std::size_t enough = 12;
    while (!stop.stop_requested() && times.size() < enough
           && (double(times.size()) < least || seconds_since(begin) < seconds)) {
        const auto step_begin = Clock::now();
        trainer.step(/*measure=*/times.empty()).loss.item<float>(); // waits for the device
        times.push_back(seconds_since(step_begin));
    }
    Steps steps{ .batch = batch, .memory_bytes = peak_.bytes() };
    if (!times.empty())
        steps.seconds = usual(std::move(times));
    if (!rows_->test().empty() && !stop.stop_requested()) {
        trainer.with_average([&] {
            const auto rows = spread(rows_->test(), std::size_t(std::min<std::int64_t>(batch, 16)));
            const auto validation_begin = Clock::now();
            trainer.loss_of(rows, batch);
            steps.validation_row_seconds = seconds_since(validation_begin) / double(rows.size());
        });
    }
    for (auto& parameter : trained_parameters(objective.module()))
        parameter.mutable_grad() = Tensor();
    return steps;
}

/// A round of samples, its seconds with all steps of drawing.
void RunTrial::evaluate(const std::string& part, Objective& objective, double seconds, PartTrial& trial)
{
    if (part == "clip") // embeds every row, which is known
        return;
    objective.module().eval();
    const torch::NoGradGuard no_grad;
    const auto sample = [&](std::size_t count) {
        const auto rows = spread(rows_->train(), count);
        std::vector<std::uint64_t> keys;
        for (const auto row : rows)
            keys.push_back(random_key({ config_.seed, std::uint64_t(row) }));
        KeyedNoise noise(keys);
        const auto begin = Clock::now();
        if (const auto drawn = objective.sample(rows, noise); drawn.defined())
            drawn.sum().item<float>();
        return seconds_since(begin);
    };
    const double all = double(std::max<std::size_t>(16, config_.sample_prompts.size()));
    double taken = 0;
    trial.drew_all = true;
    if (part == "prior") {
        const auto begin = Clock::now();
        objective.evaluate();
        taken = seconds_since(begin);
    } else {
        taken = all * sample(1);
        trial.drew_all = taken < 4 * seconds; // together they take less than by themselves
        if (trial.drew_all)
            taken = sample(std::size_t(all));
    }
    trial.evaluation_seconds = taken * steps_of_drawing(config_.model, part);
}

/// Of one sample, and then of as many as there is time for, in steps that learn from the last what a sample
/// takes. A whole batch, if it comes to that, is measured longer; what a larger one takes follows from two.
RunTrial::Steps RunTrial::growing_steps(const std::string& part, Objective& objective, double seconds,
                                        std::int64_t most, std::stop_token stop)
{
    const auto& options = part_options(config_, part);
    const auto begin = Clock::now();
    const auto left = [&] { return seconds - seconds_since(begin); };
    Steps before, last;
    for (auto next = options.shards; !stop.stop_requested();) {
        const auto tried = take_steps(part, objective, next, next == most ? left() / 2 : 0, stop);
        before = std::exchange(last, tried);
        const double each = steps_at_once * last.seconds / double(last.batch);
        const auto affordable = std::int64_t(std::max(left(), 0.) / std::max(each, 1e-9));
        const bool alone = before.batch == 0 && last.seconds < seconds; // which says little of a batch
        next = std::min(
            most,
            std::max(affordable / options.shards * options.shards, alone ? 2 * last.batch : std::int64_t(0)));
        if (next < std::min(most, 2 * last.batch) || next == last.batch)
            break;
    }
    if (last.batch == options.batch || last.batch == 0)
        return last;
    const double more = double(options.batch - last.batch);
    if (before.batch == 0) {
        last.seconds *= double(options.batch) / double(last.batch);
        last.memory_bytes.reset();
        return last;
    }
    const double grown = double(last.batch - before.batch), each = last.seconds / double(last.batch);
    last.seconds += std::clamp((last.seconds - before.seconds) / grown, 0., each) * more;
    if (last.memory_bytes && before.memory_bytes)
        *last.memory_bytes += (*last.memory_bytes - *before.memory_bytes) / grown * more;
    return last;
}

std::optional<PartTrial> RunTrial::try_part(const std::string& part, double seconds, std::int64_t most,
                                            std::stop_token stop)
{
    const auto goal = objective(part);
    peak_.restart();
    const auto steps = growing_steps(part, *goal, seconds * 3 / 4, most, stop);
    if (steps.seconds <= 0)
        return {};
    PartTrial trial{ .step_seconds = steps.seconds,
                     .validation_row_seconds = steps.validation_row_seconds,
                     .memory_bytes = steps.memory_bytes,
                     .whole_batch = steps.batch == part_options(config_, part).batch };
    if (stop.stop_requested())
        return trial;
    evaluate(part, *goal, seconds / 4, trial);
    if (trial.memory_bytes)
        trial.memory_bytes = std::max(*trial.memory_bytes, peak_.bytes().value_or(0));
    return trial;
}

} // namespace reverie
