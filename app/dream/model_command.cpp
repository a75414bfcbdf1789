// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/model_import.h"
#include "core/api/model_info.h"
#include "core/api/weights_info.h"
#include "core/base/error.h"

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using reverie::ModelInfo;
using reverie::StageInfo;
using reverie::WeightsInfo;

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

json toJson(const WeightsInfo& info)
{
    json parts = json::array();
    for (const auto& part : info.parts)
        parts.push_back({ { "kind", part.kind },
                          { "title", part.title },
                          { "architecture", part.architecture },
                          { "prefix", part.prefix },
                          { "ema", part.ema },
                          { "parameters", part.parameters },
                          { "tensors", part.tensors },
                          { "dtype", part.dtype } });
    return { { "type", "weights" },       { "path", info.path.string() },
             { "format", info.format },   { "bytes", info.bytes },
             { "tensors", info.tensors }, { "version", info.version },
             { "parts", parts },          { "needs", info.needs },
             { "opaque", info.opaque },   { "importable", info.importable } };
}

void print(Output& output, const WeightsInfo& info)
{
    const auto row = [&output](const std::string& name, const std::string& value) {
        if (!value.empty())
            output.result(name + std::string(14 - name.size(), ' ') + printable(value));
    };
    row("File",
        info.path.string() + ", " + bytesText(info.bytes) + ", " + info.format + " of "
            + std::to_string(info.tensors) + (info.tensors == 1 ? " tensor" : " tensors"));
    row("Written by", info.version.empty() ? "" : "DALLE2-pytorch " + info.version);
    for (const auto& part : info.parts)
        row("Holds",
            part.title + (part.ema ? ", averaged" : "")
                + (part.prefix.empty() ? "" : " (" + part.prefix + ")") + ": " + countText(part.parameters)
                + " parameters, " + part.dtype + (part.architecture.empty() ? "" : ", " + part.architecture));
    if (info.parts.empty())
        row("Note", "No model that is known here.");
    for (const auto& need : info.needs)
        row("Needs", need);
    for (const auto& name : info.opaque)
        row("Not opened", name + ", a class of Python; it was not run");
}

/// The SHA-256 of a file; of a folder, which has none, nothing.
std::string hashOf(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::is_regular_file(path, error) ? reverie::hash_file(path) : std::string();
}

template <class Info>
void report(Output& output, const Info& info)
{
    const auto hash = hashOf(info.path);
    const auto warning = reverie::numbers_to_warn_of(info.path);
    auto object = toJson(info);
    object["sha256"] = hash;
    object["warning"] = warning;
    output.object(object);
    print(output, info);
    if (!warning.empty())
        output.result("Warning       " + printable(warning));
    if (!hash.empty())
        output.result("SHA-256       " + hash);
}

void addInfo(CLI::App& model, int& status)
{
    struct Options {
        std::string file;
        bool json = false;
    };
    auto* info = model.add_subcommand("info", "Say what a model file or a file of weights holds");
    const auto options = std::make_shared<Options>();
    info->add_option("FILE", options->file, "The file or folder, or the name of an installed model")
        ->required();
    addJsonFlag(*info, options->json);
    info->callback([options, &status] {
        Output output(options->json);
        const auto path = reverie::find_model(options->file);
        if (reverie::is_reverie_model(path))
            report(output, reverie::read_model_info(path));
        else
            report(output, reverie::read_weights_info(path));
        status = Done;
    });
}

void addConvert(CLI::App& model, int& status)
{
    struct Options {
        std::string file, out;
        bool json = false;
    };
    auto* convert = model.add_subcommand("convert", "Write weights as .safetensors, bit for bit");
    const auto options = std::make_shared<Options>();
    convert->add_option("FILE", options->file, "A .pt, .pth, .ckpt, .bin or .safetensors file, or a folder")
        ->required();
    convert->add_option("-o,--out", options->out, "Where to write")->required();
    addJsonFlag(*convert, options->json);
    convert->callback([options, &status] {
        Output output(options->json);
        reverie::convert_weights(options->file, options->out);
        output.object({ { "type", "result" }, { "path", options->out } });
        output.result(options->out);
        status = Done;
    });
}

void addImport(CLI::App& model, int& status)
{
    struct Options {
        reverie::ModelImportRequest request;
        std::string part = "model", out;
        bool json = false;
    };
    auto* command = model.add_subcommand("import", "Put parts out of other files into one pipeline");
    const auto options = std::make_shared<Options>();
    auto& request = options->request;
    command->add_option(
        "PART", request.parts,
        "Files with CLIP, prior or decoder; NAME=FILE takes only clip, prior, decoder or unetN");
    command->add_option("--clip", request.clip, "File of the CLIP the parts were trained with");
    command->add_option("--vocab", request.vocab,
                        "bpe_simple_vocab_16e6.txt(.gz), merges.txt or tokenizer.json");
    command
        ->add_option("--part", options->part, "Of a trainer's checkpoint: model or ema, the averaged weights")
        ->check(CLI::IsMember({ "model", "ema" }));
    command->add_option("--dtype", request.dtype, "Store weights as f32, f16 or bf16")
        ->check(CLI::IsMember({ "f32", "f16", "bf16" }));
    command->add_option("-o,--out", options->out, "Where to write")->required();
    addJsonFlag(*command, options->json);
    command->callback([options, &status] {
        Output output(options->json);
        auto request = options->request;
        request.ema = options->part == "ema";
        request.out = options->out;
        const auto result = reverie::import_model(request);
        for (const auto& note : result.notes)
            output.warning(note);
        output.object({ { "type", "result" }, { "path", result.path.string() }, { "notes", result.notes } });
        output.result(result.path.string());
        status = Done;
    });
}

} // namespace

void addModelCommand(CLI::App& app, int& status)
{
    auto* model = app.add_subcommand("model", "Look into model files, convert them, put them together");
    model->require_subcommand(1);
    addInfo(*model, status);
    addConvert(*model, status);
    addImport(*model, status);
}
