// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/model_import.h"

namespace reverie {

/// What import_model() does, on this side of the library.
ModelImportResult assemble_model(const ModelImportRequest& request);

} // namespace reverie
