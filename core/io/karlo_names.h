// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

#include <optional>

namespace reverie {

/// Where a tensor of diffusers' unCLIP stands in Karlo's own files. The projections of an attention, apart
/// in diffusers, are one matrix there, in which each head's rows of all of them lie together.
struct KarloName {
    std::string name;
    std::int64_t part = 0, parts = 1; ///< which of the projections in that matrix
    bool convolution = false; ///< the matrix is the kernel of a convolution there, (out, in, 1)
};

/// Names of one U-Net of diffusers in Karlo's. Both count its blocks, but diffusers by resolution.
class UnetNames
{
public:
    /// `names` are those of its tensors.
    explicit UnetNames(const StoredTensors& names);
    [[nodiscard]] std::optional<KarloName> in_karlo(const std::string& name) const; ///< none: not a U-Net's

private:
    [[nodiscard]] std::string block(const std::string& way, std::int64_t level, const std::string& list,
                                    std::int64_t index) const;

    std::int64_t blocks_ = 0; ///< residual blocks of a resolution on the way down
    bool middle_attends_ = false;
    std::vector<bool> up_attends_; ///< by resolution on the way up
};

/// The same of its prior, and of the projections that stand before its decoder.
std::optional<KarloName> prior_name_in_karlo(const std::string& name);
std::optional<KarloName> text_proj_name_in_karlo(const std::string& name);

/// The tensors whose names begin with `prefix`, without it.
StoredTensors tensors_below(const StoredTensors& tensors, const std::string& prefix);

} // namespace reverie
