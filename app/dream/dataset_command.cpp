// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/dataset_info.h"
#include "core/base/error.h"

#include <filesystem>

namespace {

namespace fs = std::filesystem;

struct Options {
    std::string spec;
    int size = 64;
    std::string out;
    bool json = false;
};

void info(const Options& options)
{
    Output output(options.json);
    const auto found = reverie::dataset_info(options.spec);
    output.object({ { "type", "dataset" },
                    { "spec", found.spec },
                    { "description", found.description },
                    { "pictures", found.pictures },
                    { "train", found.train },
                    { "test", found.test },
                    { "native_size", found.native_size },
                    { "caption_words", found.caption_words },
                    { "examples", found.examples } });
    output.result(printable(found.description));
    output.result("Pictures      " + std::to_string(found.pictures) + " (" + std::to_string(found.train)
                  + " to train on, " + std::to_string(found.test) + " to test with)");
    if (found.native_size > 0)
        output.result("Size          " + std::to_string(found.native_size) + " pixels a side");
    output.result("Words         " + std::to_string(found.caption_words));
    for (const auto& caption : found.examples)
        output.result("              " + printable(caption));
}

void pack(const Options& options)
{
    Output output(options.json);
    if (fs::exists(options.out))
        throw reverie::UsageError(options.out + " exists already; give another name with -o.");
    reverie::pack_dataset(options.spec, options.size, options.out);
    output.result(options.out);
    output.object({ { "type", "result" }, { "path", options.out } });
}

void addSpec(CLI::App& command, Options& options)
{
    command.add_option("SPEC", options.spec, "emoji, or a pack.safetensors")->required();
    addJsonFlag(command, options.json);
}

} // namespace

void addDatasetCommand(CLI::App& app, int& status)
{
    auto* dataset = app.add_subcommand("dataset", "Look at and pack what models are trained on");
    dataset->require_subcommand(1);
    const auto options = std::make_shared<Options>();

    auto* infoCommand = dataset->add_subcommand("info", "Say what a data set holds");
    addSpec(*infoCommand, *options);
    infoCommand->callback([options, &status] {
        info(*options);
        status = Done;
    });

    auto* packCommand
        = dataset->add_subcommand("pack", "Write it into one file that any build can train from");
    addSpec(*packCommand, *options);
    packCommand->add_option("--size", options->size, "Pixels a side")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    packCommand->add_option("-o,--out", options->out, "The file to write")->required();
    packCommand->callback([options, &status] {
        pack(*options);
        status = Done;
    });
}
