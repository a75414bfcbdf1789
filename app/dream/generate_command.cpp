// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/interactive.h"
#include "app/dream/job_drawing.h"

namespace {

/// A grid whose cells differ in their prompt needs no other.
void takePromptOfGrid(GenerateOptions& options)
{
    if (!options.prompts.empty() || !options.promptFile.empty() || !options.from.empty())
        return;
    for (const auto& text : { options.columns, options.rows }) {
        if (text.empty())
            continue;
        const auto axis = reverie::parse_axis(text);
        if (axis.parameter == "prompt")
            options.prompts = { axis.values.front() };
    }
}

} // namespace

void addGenerateCommand(CLI::App& app, int& status)
{
    auto* generate = app.add_subcommand("generate", "Draw pictures from text");
    const auto options = std::make_shared<GenerateOptions>();
    addGenerateFlags(*generate, *options);
    addJsonFlag(*generate, options->json);
    generate->callback([options, &status] {
        takePromptOfGrid(*options);
        status = options->interactive ? drawInteractively(*options) : drawJob(*options, makeJob(*options));
    });
}
