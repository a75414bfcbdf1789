// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_status.h"

#include <QString>

#include <optional>
#include <vector>

namespace reverie::ui {

/// A checkpoint as a menu shows it.
struct NamedCheckpoint {
    Checkpoint checkpoint;
    bool isBest = false; ///< of its part, by its loss on pictures that are not trained on
};

/// Newest first.
std::vector<NamedCheckpoint> checkpointsOf(const QString& run);

/// The learning rate that a part was given, what was set since included; none if that can't be read.
std::optional<double> learningRateOf(const QString& run, const QString& part);

} // namespace reverie::ui
