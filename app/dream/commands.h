// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

/// What `dream` ends with.
enum ExitStatus { Done = 0, Failed = 1, WrongUsage = 2, Interrupted = 130 };

/// Each adds its subcommand to `app`; what it does runs while `app` parses and leaves its exit status in
/// `status`, which must outlive the parsing. Errors leave as exceptions.
void addGenerateCommand(CLI::App& app, int& status);
void addEditCommands(CLI::App& app, int& status);
void addInterpolateCommand(CLI::App& app, int& status); ///< vary, blend, textdiff, inpaint, outpaint
void addTrainCommand(CLI::App& app, int& status);
void addDatasetCommand(CLI::App& app, int& status);
void addModelCommand(CLI::App& app, int& status);
void addGalleryCommand(CLI::App& app, int& status);
void addModelPlanCommand(CLI::App& app, int& status); ///< after addModelCommand()
void addBenchCommand(CLI::App& app, int& status);
void addDoctorCommand(CLI::App& app, int& status);

/// `dream` as a function: parses the arguments (without the program's name), runs the command, reports
/// errors.
int runDream(std::vector<std::string> arguments);

/// Adds --json to a subcommand.
void addJsonFlag(CLI::App& command, bool& json);
