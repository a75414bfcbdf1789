// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/torch_storage.h"
#include "core/io/weights_file.h"

namespace reverie {

/// Adds what `pickle` holds to `file`: its tensors under their dotted paths, whose bytes `source` finds, all
/// else to `values`, the names of foreign classes to `opaque`. `budget` bounds the bytes of all tensors
/// together, so that a small file can't claim a large memory. Paths and values lie below `path` if it is not
/// empty. Throws Error that begins with `name`.
void add_torch_values(WeightsFile& file, const Pickle& pickle, StorageSource& source, std::uint64_t budget,
                      const std::string& name, const std::string& path = {});

} // namespace reverie
