// SPDX-License-Identifier: MIT
#include "core/api/run_planning.h"

#include "core/api/out_of_memory.h"
#include "core/api/system_inspection.h"
#include "core/io/dataset_file.h"
#include "core/nn/device.h"
#include "core/run/run_list.h"
#include "core/train/device_memory.h"
#include "core/train/device_room.h"
#include "core/train/memory_peak.h"
#include "core/train/part_need.h"
#include "core/train/resolved_run.h"
#include "core/train/run_disk.h"
#include "core/train/run_limits.h"
#include "core/train/run_remedy.h"
#include "core/train/run_trial.h"
#include "core/train/training_facts.h"
#include "core/train/training_plan.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

namespace reverie {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double seconds_to_try = 14; ///< all parts together
constexpr double process_bytes = 190e6, context_bytes = 600e6; ///< of LibTorch itself; on an accelerator
constexpr double disk_rate = 300e6; ///< bytes a second that a checkpoint is written with
constexpr double share_of_peak_rate = 0.4; ///< that training reaches of large matrix products

std::string time_text(double seconds)
{
    std::array<char, 48> text{};
    const auto minutes = std::int64_t(seconds / 60);
    if (seconds < 90)
        std::snprintf(text.data(), text.size(), "%.0f s", std::max(seconds, 1.));
    else if (minutes < 120)
        std::snprintf(text.data(), text.size(), "%lld min", static_cast<long long>(minutes));
    else if (minutes < 72 * 60)
        std::snprintf(text.data(), text.size(), "%.1f h", seconds / 3600);
    else
        std::snprintf(text.data(), text.size(), "%.1f days", seconds / 86400);
    return text.data();
}

/// Numbers that are kept of a row of the data set, twice: they are made in pieces and then put together.
double row_bytes(const PipelineConfig& model)
{
    const auto* clip = model.clip ? std::get_if<XClipOptions>(&*model.clip) : nullptr;
    if (!clip)
        return 0;
    const auto kept
        = 8 * clip->text_seq_len + 4 * (2 * clip->dim_latent + clip->text_seq_len * clip->dim_text);
    return 2. * double(kept);
}

/// What is known of a part.
struct Forecast {
    PartNeed need;
    std::optional<PartTrial> trial;
};

class Planner
{
public:
    Planner(const TrainRequest& request, std::stop_token stop)
        : stop_(std::move(stop))
        , run_(resolve_run(request))
        , device_(device_of(run_.request))
        , peak_(device_)
    {
        check_trainable(run_.config, run_.parts, device_);
        check_ranks(run_.config, run_.parts, ranks());
        const auto cores = std::max(1, int(std::thread::hardware_concurrency()) / local_ranks());
        torch::set_num_threads(run_.request.threads > 0 ? run_.request.threads : cores);
        available_ = double(available_memory(device_)) + (device_.is_cuda() ? 0. : memory_in_use());
        if (!device_.is_cuda())
            available_ /= local_ranks();
        share_out_steps();
        dataset_ = open_dataset(config().data, picture_size(config().model), config().pictures);
        rows_ = double(dataset_->captions().size());
        skip_finished_parts();
    }

    RunPreview preview()
    {
        for (const auto& part : parts_)
            forecasts_[part].need = need_of(config(), part);
        try_parts();
        RunPreview preview;
        preview.device = device_.str();
        preview.available_bytes = std::uint64_t(available_);
        preview.free_disk_bytes
            = free_disk(run_.request.run.empty() ? default_runs_folder() : run_.request.run);
        preview.disk_bytes = std::uint64_t(disk_bytes(config(), parts_, rows_));
        for (const auto& part : parts_) {
            preview.parts.push_back(shown(part));
            preview.memory_bytes = std::max(preview.memory_bytes, preview.parts.back().memory_bytes);
            preview.parts.back().memory_bytes = preview.memory_bytes; // what was taken is kept
            preview.seconds += preview.parts.back().seconds;
        }
        judge(preview);
        return preview;
    }

private:
    [[nodiscard]] const TrainingConfig& config() const { return run_.config; } ///< of one rank
    [[nodiscard]] int ranks() const { return run_.request.rank.ranks; }
    [[nodiscard]] int local_ranks() const { return run_.request.rank.local_ranks; }

    /// Of the first rank, if there is one for each here.
    static at::Device device_of(const TrainRequest& request)
    {
        if (request.rank.ranks == 1)
            return device_named(request.device);
        device_named(request.device, request.rank.local_ranks - 1);
        return device_named(request.device, 0);
    }

    /// Where a run goes on with another number of ranks, each takes its share of a step's samples, in pieces
    /// of the batch at most unless they are compared with each other.
    void share_out_steps()
    {
        for (const auto& part : run_.parts) {
            auto& options = part_options(run_.config, part);
            samples_[part] = options.batch * run_.batches;
            if (run_.batches == ranks())
                continue;
            const auto equal = options.shards * ranks();
            const auto share = (samples_[part] + equal - 1) / equal * options.shards;
            if (share > options.batch && part != "clip" && part != "vqgan")
                options.max_batch_size = chunk_of(options);
            options.batch = share;
        }
    }

    void skip_finished_parts()
    {
        parts_ = run_.parts;
        if (!run_.resumed)
            return;
        if (const auto here = std::find(parts_.begin(), parts_.end(), run_.resumed->part);
            here != parts_.end())
            parts_.erase(parts_.begin(), here);
    }

    [[nodiscard]] std::int64_t steps_left(const std::string& part) const
    {
        const auto steps = part_options(config(), part).steps;
        const bool begun = run_.resumed && run_.resumed->part == part;
        return std::max<std::int64_t>(0, steps - (begun ? run_.resumed->step : 0));
    }

    /// What the process holds whichever part is trained: itself, every network, what is kept of each row.
    [[nodiscard]] double base_bytes(const TrainingConfig& config) const
    {
        const double tables = rows_ * row_bytes(config.model);
        double weights = weight_bytes(config);
        if (device_.is_cuda() && config.model.decoder && config.model.decoder->offload_unets)
            for (std::size_t i = 1; i <= config.model.unets.size(); ++i)
                weights -= 4. * double(need_of(config, "unet" + std::to_string(i)).parameters);
        return (device_.is_cuda() ? context_bytes : process_bytes) + tables + weights;
    }

    [[nodiscard]] double counted_bytes(const TrainingConfig& config, const std::string& part) const
    {
        const auto need = need_of(config, part);
        const bool away = device_.is_cuda() && config.model.decoder && config.model.decoder->offload_unets
            && part.starts_with("unet");
        return base_bytes(config) + need.peak_bytes() - (away ? 0. : 4. * double(need.parameters));
    }

    [[nodiscard]] double memory_of(const std::string& part) const
    {
        const auto& trial = forecasts_.at(part).trial;
        if (!trial || !trial->memory_bytes)
            return counted_bytes(config(), part);
        const double untried = std::max(0., rows_ - tried_rows_) * row_bytes(config().model);
        double taken = (device_.is_cuda() ? context_bytes : process_bytes) + untried + *trial->memory_bytes;
        if (part == "clip" && !trial->whole_batch) // the square of a batch follows from no two smaller ones
            taken = std::max(taken, counted_bytes(config(), part));
        const auto& need = forecasts_.at(part).need;
        double beside = trial->drew_all ? 0 : need.drawing_bytes;
        if (config().model.clip && part != "vqgan" && part == parts_.front()) { // every row is embedded
            const auto clip = need_of(config(), "clip");
            beside = std::max(beside, clip.drawing_bytes - clip.state_bytes);
        }
        return std::max(taken, base_bytes(config()) + beside);
    }

    /// The largest batch, of half as many samples each time, that leaves some memory over; 0 if there is
    /// none.
    [[nodiscard]] std::int64_t most_to_try(const std::string& part) const
    {
        constexpr double to_spare = 1.2;
        auto smaller = config();
        auto& options = part_options(smaller, part);
        while (options.batch > 0 && counted_bytes(smaller, part) * to_spare >= available_)
            options.batch = options.batch / 2 / options.shards * options.shards;
        return options.batch;
    }

    /// None if it takes more memory than was counted, too.
    std::optional<PartTrial> tried(RunTrial& trial, const std::string& part, double seconds,
                                   std::int64_t most) const
    {
        try {
            return trial.try_part(part, seconds, most, stop_);
        } catch (const std::exception& error) {
            if (!is_out_of_memory(error))
                throw;
        }
        release_device_memory();
        return {};
    }

    void try_parts()
    {
        const double most_weights = device_.is_cuda() ? 8e9 : 2e9;
        const auto weights = weight_bytes(config());
        if (parts_.empty() || stop_.stop_requested() || weights > most_weights
            || base_bytes(config()) + weights > 0.8 * available_)
            return;
        const auto begin = Clock::now();
        RunTrial trial(config(), *dataset_, device_, peak_);
        tried_rows_ = double(trial.rows());
        if (config().model.clip && !stop_.stop_requested())
            embedding_seconds_ = trial.embedding_seconds();
        auto left = double(parts_.size());
        for (const auto& part : parts_) {
            const double used = std::chrono::duration<double>(Clock::now() - begin).count();
            const double share = std::max((seconds_to_try - used) / left--, 0.5);
            if (const auto most = most_to_try(part); most > 0 && !stop_.stop_requested())
                forecasts_[part].trial = tried(trial, part, share, most);
        }
    }

    [[nodiscard]] double step_seconds(const std::string& part)
    {
        const auto& forecast = forecasts_.at(part);
        return forecast.trial ? forecast.trial->step_seconds : forecast.need.step_flops / rate();
    }

    /// Products a second: of the parts that were tried, else of what matrix products reach.
    double rate()
    {
        double flops = 0, seconds = 0;
        for (const auto& [part, forecast] : forecasts_)
            if (forecast.trial) {
                flops += forecast.need.step_flops;
                seconds += forecast.trial->step_seconds;
            }
        if (seconds > 0)
            return flops / seconds;
        if (rate_ == 0)
            rate_ = std::max(inspect_system_here().gemm_gflops, 1e-3) * 1e9 * share_of_peak_rate;
        return rate_;
    }

    /// Of a round of samples and of what the part is measured by.
    double evaluation_seconds(const std::string& part)
    {
        if (part == "clip")
            return rows_ * embedding_seconds_;
        const auto& forecast = forecasts_.at(part);
        double seconds = forecast.trial ? forecast.trial->evaluation_seconds : 0;
        if (part.starts_with("unet") && !config().sample_prompts.empty()) // drawn from the beginning
            for (const auto& earlier : parts_) {
                if (earlier == part)
                    break;
                if (const auto& trial = forecasts_.at(earlier).trial; trial && earlier.starts_with("unet"))
                    seconds += trial->evaluation_seconds;
            }
        return seconds;
    }

    double seconds_of(const std::string& part)
    {
        const auto left = steps_left(part);
        if (left == 0)
            return 0;
        const auto times = [left](std::int64_t every) { return every > 0 ? double(left / every) : 0.; };
        const double evaluations = times(config().sample_every) + 1;
        const double validations
            = config().validate_every > 0 ? times(config().validate_every) + 1 : evaluations;
        const double rows_validated
            = 2 * std::min(double(dataset_->test().size()), double(config().validate_rows));
        const double checkpoints = times(config().checkpoint_every) + validations / 2 + 1;
        const auto& trial = forecasts_.at(part).trial;
        double seconds = double(left) * step_seconds(part) + evaluations * evaluation_seconds(part)
            + checkpoints * checkpoint_bytes(config(), part, rows_) / disk_rate;
        if (trial && rows_validated > 0)
            seconds += validations * rows_validated * trial->validation_row_seconds;
        if (part != "clip" && part == parts_.front()) // or after CLIP
            seconds += rows_ * embedding_seconds_;
        return seconds;
    }

    RunPreview::Part shown(const std::string& part)
    {
        const auto& forecast = forecasts_.at(part);
        RunPreview::Part shown;
        shown.part = part;
        shown.steps = steps_left(part);
        shown.batch = samples_.at(part);
        shown.parameters = forecast.need.parameters;
        shown.memory_bytes = std::uint64_t(memory_of(part));
        shown.step_seconds = step_seconds(part);
        shown.seconds = seconds_of(part);
        shown.tried = forecast.trial.has_value();
        return shown;
    }

    /// Settings for all parts that do not fit; `lacking` is the first of them.
    std::vector<std::string> remedies(std::string& lacking, bool& all) const
    {
        std::vector<std::string> settings;
        all = true;
        for (const auto& part : parts_) {
            const double known = memory_of(part), counted = counted_bytes(config(), part);
            if (known <= available_)
                continue;
            if (lacking.empty())
                lacking = part;
            const auto some = remedy(config(), part, available_, device_, [&](const TrainingConfig& changed) {
                return counted_bytes(changed, part) * known / counted;
            });
            all = all && !some.empty();
            for (const auto& setting : some)
                if (std::find(settings.begin(), settings.end(), setting) == settings.end())
                    settings.push_back(setting);
        }
        return all ? settings : std::vector<std::string>{};
    }

    [[nodiscard]] std::string each() const { return ranks() > 1 ? " for each process" : ""; }

    void judge(RunPreview& preview) const
    {
        const bool memory = available_ == 0 || double(preview.memory_bytes) <= available_;
        const bool disk = preview.free_disk_bytes == 0 || preview.disk_bytes <= preview.free_disk_bytes;
        preview.fits = memory && disk;
        if (preview.fits) {
            preview.verdict = "It fits: it takes up to " + size_text(double(preview.memory_bytes)) + " of "
                + size_text(available_) + " memory" + each() + " and " + size_text(double(preview.disk_bytes))
                + " on the disk, and about " + time_text(preview.seconds) + ".";
            return;
        }
        if (!memory) {
            std::string lacking;
            bool all = true;
            preview.suggestion = remedies(lacking, all);
            preview.verdict = "It does not fit: " + lacking + " takes " + size_text(memory_of(lacking))
                + " of memory at its peak and " + size_text(available_) + " are free" + each() + "; "
                + (all ? "it fits with" : "no setting makes it fit, so choose a smaller model");
            for (const auto& setting : preview.suggestion)
                preview.verdict += (&setting == preview.suggestion.data() ? " " : ", ") + setting;
            preview.verdict += ".";
            return;
        }
        preview.verdict = "It does not fit: the run takes up to " + size_text(double(preview.disk_bytes))
            + " on the disk and " + size_text(double(preview.free_disk_bytes))
            + " are free; choose another folder with --run.";
    }

    std::stop_token stop_;
    ResolvedRun run_;
    at::Device device_;
    MemoryPeak peak_; ///< beyond what is held before the data set is opened
    double available_ = 0, rows_ = 0, tried_rows_ = 0, embedding_seconds_ = 0, rate_ = 0;
    std::unique_ptr<Dataset> dataset_;
    std::vector<std::string> parts_; ///< that are left
    std::map<std::string, std::int64_t> samples_; ///< of a step of each part, those of all ranks
    std::map<std::string, Forecast> forecasts_;
};

} // namespace

RunPreview preview_training(const TrainRequest& request, std::stop_token stop)
{
    return Planner(request, std::move(stop)).preview();
}

} // namespace reverie
