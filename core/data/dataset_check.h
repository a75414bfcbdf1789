// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <functional>
#include <stop_token>

namespace reverie {

struct CheckedPictures {
    std::int64_t looked_at = 0; ///< fewer than all if it was stopped
    std::int64_t usable = 0; ///< rows of a split without an unreadable or tiny picture
    std::vector<Flaw> flaws; ///< those of opening, then by row
    Image sheet; ///< the flawed first, in a coloured frame, then some of the others; empty without pictures
};

/// Decodes every picture, several at a time, and finds those that can't be read, whose shorter side has fewer
/// than `min_side` pixels, that have the same pixels as one before, or that nearly look like it (see
/// Lookalikes). `on_progress` gets done and all.
CheckedPictures check_pictures(const Dataset& dataset, int min_side,
                               const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                               std::stop_token stop);

} // namespace reverie
