// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/drawing_preview.h"

#include <QString>

#include <optional>
#include <set>
#include <vector>

namespace reverie::ui {

/// A drawing that was asked for, with what is done of it.
struct QueueEntry {
    qint64 id = 0; ///< never used again
    double place = 0; ///< entries are drawn in this order
    GenerateRequest request; ///< with its seed
    QString device = QStringLiteral("auto");
    QString model; ///< path of the model it was asked of
    std::set<int> saved; ///< its pictures that are in their files
    QString grid; ///< id of the grid its pictures belong to; empty: none
    std::vector<int> cells; ///< of that grid, by picture
    int attempts = 0; ///< how often it was begun without being ended
    QString problem; ///< one sentence: why it is not drawn; empty where it waits for its turn
    std::optional<DrawingPreview> preview; ///< not stored
    bool foretold = false; ///< not stored: its preview was asked for
    bool drawn = false; ///< not stored: its pictures wait to be written

    [[nodiscard]] int pictures() const { return static_cast<int>(request.prompts.size()) * request.count; }
};

/// The pictures of an entry that are not saved yet, as a request of one picture a prompt.
struct RemainingPictures {
    GenerateRequest request;
    std::vector<int> indices; ///< in the entry's request, by index in this one
};
RemainingPictures remainingPictures(const QueueEntry& entry);

} // namespace reverie::ui
