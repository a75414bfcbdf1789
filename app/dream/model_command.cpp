// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/model_info.h"

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using reverie::ModelInfo;
using reverie::StageInfo;

json toJson(const StageInfo& stage)
{
    return { { "size", stage.size },
             { "default_steps", stage.default_steps },
             { "max_steps", stage.max_steps },
             { "parameters", stage.parameters } };
}

json toJson(const ModelInfo& info)
{
    json stages = json::array();
    for (const auto& stage : info.stages)
        stages.push_back(toJson(stage));
    return { { "type", "model" },
             { "path", info.path.string() },
             { "title", info.title },
             { "description", info.description },
             { "author", info.author },
             { "date", info.date },
             { "license", info.license },
             { "dtype", info.dtype },
             { "bytes", info.bytes },
             { "parameters", info.parameters },
             { "clip_parameters", info.clip_parameters },
             { "pipeline", info.is_pipeline() },
             { "trained", info.trained },
             { "embed_dim", info.embed_dim },
             { "context_length", info.context_length },
             { "prior", info.has_prior ? toJson(info.prior) : json() },
             { "stages", stages },
             { "cond_scale", info.cond_scale },
             { "prior_cond_scale", info.prior_cond_scale },
             { "candidates", info.candidates },
             { "sampler", info.sampler },
             { "captions", info.captions.size() } };
}

void print(Output& output, const ModelInfo& info)
{
    const auto row = [&output](const std::string& name, const std::string& value) {
        if (!value.empty())
            output.result(name + std::string(14 - name.size(), ' ') + printable(value));
    };
    const auto steps = [](const StageInfo& stage) {
        return countText(stage.parameters) + " parameters, " + std::to_string(stage.default_steps) + " of "
            + std::to_string(stage.max_steps) + " steps";
    };
    row("Title", info.title);
    row("About", info.description);
    row("Author", info.author);
    row("Date", info.date);
    row("Licence", info.license);
    row("File", info.path.string() + ", " + bytesText(info.bytes) + ", " + info.dtype);
    row("Parameters", countText(info.parameters));
    if (info.has_clip)
        row("CLIP",
            countText(info.clip_parameters) + " parameters, prompts of " + std::to_string(info.context_length)
                + " tokens");
    if (info.has_prior)
        row("Prior", steps(info.prior));
    for (std::size_t i = 0; i < info.stages.size(); ++i)
        row("Stage " + std::to_string(i + 1),
            std::to_string(info.stages[i].size) + " pixels, " + steps(info.stages[i]));
    if (!info.captions.empty())
        row("Captions", std::to_string(info.captions.size()));
    if (!info.is_pipeline())
        row("Note", "A part of a pipeline; it can't draw by itself.");
    else if (!info.trained)
        row("Note", "Not every part was trained; its pictures will be noise.");
}

} // namespace

void addModelCommand(CLI::App& app, int& status)
{
    struct Options {
        std::string file;
        bool json = false;
    };
    auto* model = app.add_subcommand("model", "Look into model files");
    model->require_subcommand(1);
    auto* info = model->add_subcommand("info", "Say what a model file holds");
    const auto options = std::make_shared<Options>();
    info->add_option("FILE", options->file, "The file, or the name of an installed model")->required();
    addJsonFlag(*info, options->json);
    info->callback([options, &status] {
        Output output(options->json);
        const auto found = reverie::read_model_info(reverie::find_model(options->file));
        output.object(toJson(found));
        print(output, found);
        status = Done;
    });
}
