// SPDX-License-Identifier: MIT
#pragma once

#include "app/dream/commands.h"
#include "app/dream/generate_options.h"

/// Draws every line of standard input while the model stays loaded, until it ends. A line that can't be drawn
/// is reported and the next one is read; Ctrl+C ends a drawing, and the program where nothing is drawn.
ExitStatus drawInteractively(const GenerateOptions& options);
