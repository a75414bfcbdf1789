// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/pickle_reader.h"
#include "core/io/stored_tensor.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace reverie {

/// What a pickle says of a storage that is kept beside it: ('storage', class, key, location, elements, view).
struct StorageReference {
    std::string dtype; ///< as safetensors names it; empty: bytes without a type
    std::string key;
    std::uint64_t elements = 0;
    /// Of the older stream format: this storage is a window of another one.
    std::uint64_t view_offset = 0;
};

/// None if the persistent id is not PyTorch's or has a class that is not known.
std::optional<StorageReference> storage_reference(const Pickle& pickle, Pickle::Id persistent);

/// "torch.FloatStorage" or "torch.float32" as safetensors names it; empty if it has no name for it.
std::string dtype_of_class(std::string_view name);

/// The bytes of a storage.
struct StorageBytes {
    std::string_view bytes;
    std::shared_ptr<const void> owner;
};

/// Points a tensor, whose dtype, shape and strides are known, into its storage from element `offset` on.
/// Everything it can reach must lie within; only then is it changed.
enum class Placement { Inside, Outside, TooLarge };
Placement place_in_storage(StoredTensor& tensor, std::string_view storage, std::uint64_t offset);

/// Where the storages of a file are found by their keys.
class StorageSource
{
public:
    virtual ~StorageSource() = default;
    virtual StorageBytes find(const std::string& key) = 0; ///< throws Error if there is none
};

} // namespace reverie
