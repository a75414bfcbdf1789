// SPDX-License-Identifier: MIT
#pragma once

#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/run_preview.h"

/// What `dream train --dry-run` says: a table, or an object, of what the run will take. Failed if it does not
/// fit.
ExitStatus showPreview(Output& output, const reverie::RunPreview& preview);
