// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"

#include "app/dream/output.h"
#include "core/base/error.h"

#include <algorithm>
#include <iostream>

namespace {

/// A first word that is neither a subcommand nor a question about the program belongs to `generate`.
void insertGenerate(const CLI::App& app, std::vector<std::string>& arguments)
{
    if (arguments.empty())
        return;
    const auto& first = arguments.front();
    const auto names = app.get_subcommands([](const CLI::App*) { return true; });
    const bool isCommand = std::any_of(names.begin(), names.end(), [&first](const CLI::App* command) {
        return command->get_name() == first;
    });
    const bool isQuestion = first == "-h" || first == "--help" || first == "--version";
    if (!isCommand && !isQuestion)
        arguments.insert(arguments.begin(), "generate");
}

std::string firstLine(const std::string& text)
{
    return text.substr(0, text.find('\n'));
}

int report(bool json, const std::string& sentence, int status)
{
    const std::string message = printable(sentence);
    std::cerr << "dream: " << message << std::endl;
    Output(json).object({ { "type", "error" }, { "message", message }, { "status", status } });
    return status;
}

} // namespace

void addJsonFlag(CLI::App& command, bool& json)
{
    command.add_flag("--json", json, "Print one JSON object a line");
}

int runDream(std::vector<std::string> arguments)
{
    const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
    int status = Done;
    CLI::App app("Draws pictures from text, and trains the models that do.\n"
                 "`dream PROMPT` is short for `dream generate PROMPT`.",
                 "dream");
    app.set_version_flag("--version", "Reverie " REVERIE_VERSION);
    app.require_subcommand(1);
    app.get_formatter()->column_width(32);
    addGenerateCommand(app, status);
    addEditCommands(app, status);
    addInterpolateCommand(app, status);
    addTrainCommand(app, status);
    addDatasetCommand(app, status);
    addModelCommand(app, status);
    addGalleryCommand(app, status);
    addModelPlanCommand(app, status);
    addDoctorCommand(app, status);
    addBenchCommand(app, status);

    try {
        insertGenerate(app, arguments);
        std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
        app.parse(std::move(arguments));
        return status;
    } catch (const CLI::Success& e) { // --help, --version
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        return report(json, std::string(e.what()) + "; see dream --help.", WrongUsage);
    } catch (const reverie::UsageError& e) {
        return report(json, e.what(), WrongUsage);
    } catch (const reverie::Error& e) {
        return report(json, e.what(), Failed);
    } catch (const std::exception& e) { // LibTorch appends a backtrace to its first line
        return report(json, "Something failed unexpectedly: " + firstLine(e.what()), Failed);
    }
}
