// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/mapped_file.h"
#include "core/io/weights_file.h"

namespace reverie {

/// Begins like a file that torch.save() or torch.jit.save() wrote.
bool is_torch_file(std::string_view bytes);

/// Reads such a file: its tensors with their dtypes, shapes and strides, its dicts, lists, numbers and texts.
/// OrderedDict, Parameter, torch.Size and TorchScript's modules are what they hold; any other class is
/// opaque. Throws Error for a damaged file, and for tensors that reach outside their storage.
WeightsFile read_torch_file(const std::filesystem::path& path, std::shared_ptr<const MappedFile> map);

/// The same for bytes that `owner` keeps.
WeightsFile read_torch_bytes(const std::string& name, std::string_view bytes,
                             std::shared_ptr<const void> owner);

/// Compares the checksums of zip archives, which reading leaves out since it would touch every byte.
/// What has no checksums passes. Throws Error for a file that is damaged.
void check_numbers(const WeightsFile& file);

} // namespace reverie
