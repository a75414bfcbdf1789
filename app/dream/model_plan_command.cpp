// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/preflight.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <array>
#include <cstdio>

namespace {

using nlohmann::json;
using reverie::CascadePartPreview;
using reverie::CascadePreview;
using reverie::CascadeRequest;

struct Options {
    CascadeRequest request;
    std::string parameters, config;
    double memoryGib = 0;
    bool json = false;
};

json toJson(const CascadePartPreview& part)
{
    return { { "part", part.part },
             { "shape", part.shape },
             { "size", part.size },
             { "training_size", part.training_size },
             { "parameters", part.parameters },
             { "training_bytes", part.training_bytes },
             { "sampling_bytes", part.sampling_bytes },
             { "training_step_flops", part.training_step_flops },
             { "training_step_seconds", part.training_step_seconds },
             { "steps", part.steps },
             { "sampling_step_flops", part.sampling_step_flops },
             { "sampling_seconds", part.sampling_seconds } };
}

json toJson(const CascadePreview& preview)
{
    json parts = json::array();
    for (const auto& part : preview.parts)
        parts.push_back(toJson(part));
    return { { "type", "plan" },
             { "size", preview.request.size },
             { "batch", preview.request.batch },
             { "gflops", preview.request.gflops },
             { "parts", parts },
             { "parameters", preview.parameters },
             { "training_bytes", preview.training_bytes },
             { "sampling_bytes", preview.sampling_bytes },
             { "sampling_seconds", preview.sampling_seconds },
             { "config", json::parse(preview.config) } };
}

std::string flopsText(double flops)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), flops < 1e12 ? "%.2f GFLOP" : "%.2f TFLOP",
                  flops / (flops < 1e12 ? 1e9 : 1e12));
    return text.data();
}

std::string secondsText(double seconds)
{
    if (seconds >= 60)
        return durationText(seconds);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2g s", seconds);
    return text.data();
}

void printRow(Output& output, const std::vector<std::string>& cells)
{
    constexpr std::array<std::size_t, 6> columns{ 8, 39, 16, 22, 24, 0 };
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
        line += cells[i] + std::string(cells[i].size() < columns[i] ? columns[i] - cells[i].size() : 1, ' ');
    output.result(line.substr(0, line.find_last_not_of(' ') + 1));
}

void print(Output& output, const CascadePreview& preview)
{
    printRow(output, { "Part", "Shape", "Parameters", "Training step", "Sampling step", "Memory" });
    for (const auto& part : preview.parts) {
        std::string shape = part.shape;
        if (part.size > 0)
            shape = std::to_string(part.size) + " px, " + shape;
        printRow(
            output,
            { part.part, shape, countText(part.parameters),
              flopsText(part.training_step_flops) + ", " + secondsText(part.training_step_seconds),
              std::to_string(part.steps) + " x " + flopsText(part.sampling_step_flops),
              bytesText(part.training_bytes) + " to train, " + bytesText(part.sampling_bytes) + " to draw" });
    }
    output.result("");
    output.result("Together " + countText(preview.parameters) + " parameters; training takes up to "
                  + bytesText(preview.training_bytes) + " with a batch of "
                  + std::to_string(preview.request.batch) + ", drawing a picture "
                  + bytesText(preview.sampling_bytes) + " and " + secondsText(preview.sampling_seconds)
                  + " at " + countText(std::int64_t(preview.request.gflops)) + " GFLOP/s.");
}

/// "350000000", "350M", "3.5B".
std::int64_t parametersFrom(const std::string& text)
{
    std::size_t end = 0;
    double value = 0;
    try {
        value = std::stod(text, &end);
    } catch (const std::exception&) {
    }
    const auto unit = text.substr(end);
    const double scale = unit.empty() ? 1 : unit == "k" ? 1e3 : unit == "M" ? 1e6 : unit == "B" ? 1e9 : 0;
    if (!(value * scale >= 1 && value * scale < 1e15))
        throw reverie::UsageError("\"" + text
                                  + "\" is no number of parameters; write it as 350000000 or 350M.");
    return std::int64_t(value * scale);
}

ExitStatus plan(const Options& options)
{
    auto request = options.request;
    if (!options.parameters.empty())
        request.parameters = parametersFrom(options.parameters);
    if (options.memoryGib > 0)
        request.memory_bytes = std::uint64_t(options.memoryGib * 0x1p30);
    Output output(options.json);
    const auto preview = reverie::plan_cascade(request);
    output.object(toJson(preview));
    print(output, preview);
    if (!options.config.empty()) {
        reverie::write_file(options.config, preview.config);
        output.note("Train it with: dream train all --data SPEC --config " + options.config);
    }
    return Done;
}

} // namespace

void addModelPlanCommand(CLI::App& app, int& status)
{
    auto* command = app.get_subcommand("model")->add_subcommand(
        "plan", "Lay out a model of a given size before training it");
    const auto options = std::make_shared<Options>();
    command->add_option("--size", options->request.size, "Side of the finished pictures in pixels")
        ->required()
        ->check(CLI::Range(1, 65536));
    command->add_option("--parameters", options->parameters,
                        "At most so many in all, such as 350M; 100M if no bound is given");
    command->add_option("--memory", options->memoryGib, "At most so many GiB while training")
        ->check(CLI::PositiveNumber);
    command->add_option("--batch", options->request.batch, "Pictures of a training step")
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    command
        ->add_option("--gflops", options->request.gflops,
                     "Rate to reckon times with; measured here if not given")
        ->check(CLI::PositiveNumber);
    command->add_option("-o,--out", options->config, "Write the training configuration to this file");
    addJsonFlag(*command, options->json);
    command->callback([options, &status] { status = plan(*options); });
}
