// SPDX-License-Identifier: MIT
#include "app/dream/interactive.h"

#include "app/dream/job_drawing.h"
#include "core/base/error.h"

#include <iostream>
#include <unistd.h>

namespace {

class Conversation
{
public:
    explicit Conversation(const GenerateOptions& options)
        : m_options(options)
        , m_output(options.json)
    {
        m_options.interactive = false;
    }

    ExitStatus run()
    {
        for (std::string line; ask(line);)
            if (line.find_first_not_of(" \t\r") != std::string::npos)
                draw(line);
        return Done;
    }

private:
    static bool ask(std::string& line)
    {
        if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
            std::cerr << "dream> " << std::flush;
        return static_cast<bool>(std::getline(std::cin, line));
    }

    void draw(const std::string& line)
    {
        try {
            m_options.prompts = { line };
            const auto job = makeJob(m_options);
            if (!m_model)
                m_model.emplace(job);
            JobDrawing(m_options, job, m_output).run(*m_model);
            if (m_options.seed)
                *m_options.seed += static_cast<std::int64_t>(job.request.prompts.size()) * job.request.count;
        } catch (const reverie::Error& error) {
            m_output.clearProgress();
            std::cerr << "dream: " << printable(error.what()) << std::endl;
            m_output.object({ { "type", "error" }, { "message", printable(error.what()) } });
        }
    }

    GenerateOptions m_options;
    Output m_output;
    std::optional<WarmModel> m_model;
};

} // namespace

ExitStatus drawInteractively(const GenerateOptions& options)
{
    if (!options.prompts.empty() || !options.promptFile.empty() || !options.from.empty())
        throw reverie::UsageError(
            "--interactive reads its prompts from standard input; leave the others out.");
    if (!options.lists.empty() || !options.columns.empty())
        throw reverie::UsageError("--interactive draws with one number each; leave lists and grids out.");
    return Conversation(options).run();
}
