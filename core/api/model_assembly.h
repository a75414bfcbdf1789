// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/model_import.h"

namespace reverie {

/// What import_model() does, on this side of the library.
ModelImportResult assemble_model(const ModelImportRequest& request, const OnModelImport& on_progress = {},
                                 std::stop_token stop = {});

} // namespace reverie
