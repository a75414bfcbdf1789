// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/interactive.h"
#include "app/dream/job_drawing.h"

void addGenerateCommand(CLI::App& app, int& status)
{
    auto* generate = app.add_subcommand("generate", "Draw pictures from text");
    const auto options = std::make_shared<GenerateOptions>();
    addGenerateFlags(*generate, *options);
    addJsonFlag(*generate, options->json);
    generate->callback([options, &status] {
        for (const auto& axis : { options->columns, options->rows })
            if (axis.starts_with("prompt=") && options->prompts.empty())
                options->prompts = { reverie::parse_axis(axis).values.front() };
        status = options->interactive ? drawInteractively(*options) : drawJob(*options, makeJob(*options));
    });
}
