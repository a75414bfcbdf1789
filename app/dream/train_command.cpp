// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "app/dream/rank_processes.h"
#include "app/dream/train_preview.h"
#include "core/api/training_run.h"
#include "core/base/error.h"
#include "core/run/run_list.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using reverie::TrainRequest;
using reverie::TrainUpdate;

struct Options {
    TrainRequest request;
    std::string run, resume, after, config, init;
    int gpus = 1;
    bool json = false, dryRun = false;
};

std::string progressLine(const TrainUpdate& update)
{
    std::array<char, 64> loss{};
    std::snprintf(loss.data(), loss.size(), "loss %.4f, %.0f samples/s", update.loss, update.samples_per_s);
    const double share
        = update.steps > 0 ? static_cast<double>(update.step) / static_cast<double>(update.steps) : 0;
    return update.part + " " + progressBar(share) + " " + std::to_string(update.step) + "/"
        + std::to_string(update.steps) + ", " + loss.data() + ", " + durationText(update.seconds_left)
        + " left";
}

class Progress
{
public:
    explicit Progress(Output& output)
        : m_output(output)
    {
    }

    void operator()(const TrainUpdate& update)
    {
        if (!update.event.empty()) {
            m_output.note(printable(update.event));
            m_output.object({ { "type", "event" },
                              { "part", update.part },
                              { "step", update.step },
                              { "message", update.event } });
            return;
        }
        m_output.object({ { "type", "progress" },
                          { "part", update.part },
                          { "step", update.step },
                          { "steps", update.steps },
                          { "loss", update.loss },
                          { "lr", update.lr },
                          { "samples_per_s", update.samples_per_s },
                          { "seconds_left", update.seconds_left } });
        m_output.progress(progressLine(update));
        noteForLogs(update);
    }

private:
    /// Where there is no terminal, a line every half minute is enough.
    void noteForLogs(const TrainUpdate& update)
    {
        const auto now = std::chrono::steady_clock::now();
        if (m_output.isTerminal() || now - m_lastNote < std::chrono::seconds(30))
            return;
        m_lastNote = now;
        m_output.note(progressLine(update));
    }

    Output& m_output;
    std::chrono::steady_clock::time_point m_lastNote{};
};

TrainRequest requestFrom(const Options& options)
{
    TrainRequest request = options.request;
    if (!options.run.empty() && !options.resume.empty())
        throw reverie::UsageError("Give either --run or --resume.");
    request.resume = !options.resume.empty();
    request.run = request.resume ? std::filesystem::path(options.resume)
        : options.run.empty()    ? reverie::new_run_folder(request.what)
                                 : std::filesystem::path(options.run);
    request.after = options.after;
    request.config = options.config;
    request.init = options.init;
    return request;
}

/// Where nothing is left but to end the process.
void giveUp(const std::string& reason)
{
    std::cerr << "dream: " << printable(reason) << std::endl;
    std::_Exit(Failed);
}

/// Lets the end of rank 0's process, however it comes, be that of this one, which it started.
void endWith(int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) // which ended before
        std::_Exit(Failed);
}

/// What another rank than 0 does.
ExitStatus help(const Options& options, TrainRequest request)
{
    if (request.rank.parent > 0)
        endWith(request.rank.parent);
    if (options.dryRun) // which rank 0 answers by itself
        return Done;
    const Interrupt interrupt; // of which rank 0 is told
    try {
        return reverie::train(request, {}, interrupt.token()).stopped ? Interrupted : Done;
    } catch (const std::exception& error) {
        const auto* other = dynamic_cast<const reverie::RankError*>(&error);
        if (request.rank.parent > 0 || (other && other->said_elsewhere)) // rank 0, on the same terminal
            return Failed;
        throw;
    }
}

ExitStatus train(const Options& options)
{
    const auto rank = reverie::rank_from_environment();
    if (rank.ranks > 1 && options.gpus > 1)
        throw reverie::UsageError("The environment says that this is one of " + std::to_string(rank.ranks)
                                  + " processes that were started together; leave out --gpus.");
    if (options.gpus > 1 && options.request.device.starts_with("cuda:"))
        throw reverie::UsageError("With --gpus each process takes a GPU of its own; leave out --device, or "
                                  "give cuda.");
    auto request = requestFrom(options);
    request.rank = rank;
    request.give_up = giveUp;
    if (rank.rank > 0)
        return help(options, request);
    Output output(options.json);
    if (options.dryRun) {
        if (options.gpus > 1)
            request.rank.ranks = request.rank.local_ranks = options.gpus;
        const Interrupt interrupt;
        return showPreview(output, reverie::preview_run(request, interrupt.token()));
    }
    if (options.run.empty() && options.resume.empty())
        output.note("The run lies in " + request.run.string() + ".");
    const Interrupt interrupt;
    std::optional<RankProcesses> others;
    if (options.gpus > 1)
        others.emplace(options.gpus, request);
    const auto result = reverie::train(request, Progress(output), interrupt.token());
    output.object(
        { { "type", "result" }, { "stopped", result.stopped }, { "model", result.model.string() } });
    if (!result.model.empty())
        output.result(result.model.string());
    if (result.stopped)
        output.note(std::filesystem::exists(request.run / "run.json")
                        ? "Stopped and saved; go on with: dream train --resume " + request.run.string()
                        : "Stopped before the run began.");
    return result.stopped ? Interrupted : Done;
}

} // namespace

void addTrainCommand(CLI::App& app, int& status)
{
    auto* command = app.add_subcommand("train", "Train a model, or a part of one");
    const auto options = std::make_shared<Options>();
    auto& request = options->request;
    command->add_option("WHAT", request.what, "tokenizer, clip, prior, vqgan, decoder or all")
        ->check(CLI::IsMember({ "tokenizer", "clip", "prior", "vqgan", "decoder", "all" }))
        ->capture_default_str();
    command->add_option("--data", request.data,
                        "Data set: emoji, shapes, a folder, tars, or a pack.safetensors");
    command->add_option("--run", options->run,
                        "Folder of the run: configuration, progress, checkpoints; "
                        "a new one in $XDG_DATA_HOME/reverie/runs if not given");
    command->add_option("--resume", options->resume, "Go on with the run in this folder");
    command->add_option("--after", options->after, "Wait until the run in this folder has ended");
    command->add_option("--preset", request.preset, "Configuration to start from, such as emoji");
    command->add_option("--config", options->config, "JSON file laid over the preset");
    command->add_option("--set", request.set, "key=value laid over both; a bare key means every part")
        ->allow_extra_args(false);
    command->add_option("--init", options->init, "Model file whose weights to start from");
    command->add_option("--unet", request.unet, "Of the decoder, train only this stage, counted from 1")
        ->check(CLI::Range(1, 100));
    command->add_option("--device", request.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    command->add_option("--dtype", request.dtype, "Precision of every part: f32, bf16, or f16 on CUDA")
        ->check(CLI::IsMember({ "f32", "bf16", "f16" }));
    command->add_option("--threads", request.threads, "Processor threads; all cores if not given")
        ->check(CLI::Range(1, 4096));
    command->add_flag("--dry-run", options->dryRun,
                      "Say what the run will take of memory, time and disk, and start nothing");
    command
        ->add_option("--gpus", options->gpus,
                     "Train with so many processes, each on a GPU of its own, or with the processor's "
                     "cores shared out; batch is that of one of them")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    addJsonFlag(*command, options->json);
    command->callback([options, &status] { status = train(*options); });
}
