// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/number_table.h"

#include <QString>

#include <compare>
#include <map>
#include <string>
#include <vector>

namespace reverie::ui {

/// Something that happened in a run, in a sentence.
struct RunEvent {
    enum class Kind {
        Note,
        Answer, ///< to a request: a setting changed, a rollback, ...
        Resumed,
        Doctor,
    };
    Kind kind = Kind::Note;
    std::string part;
    double step = 0;
    double seconds = 0; ///< since the run's start
    QString text;
    QString advice; ///< the doctor's
    bool lasts = false; ///< even if the run goes back behind it: a setting that was changed
};

/// Whose numbers: "unet1" in "train".
struct TableKey {
    std::string part;
    std::string split;
    auto operator<=>(const TableKey&) const = default;
};

/// All that a run has reported and that still holds.
struct RunNumbers {
    std::map<TableKey, NumberTable> tables;
    std::vector<RunEvent> events;
    std::map<std::string, double> batches; ///< pictures in a step of a part

    /// The run went back to that step of that part: what came after it goes, later parts included. Settings
    /// that were changed stay after a resume, and go with a rollback.
    void goBack(const std::string& part, double step, bool rollback);
    [[nodiscard]] double lastSecond() const;
    /// In the order of training.
    [[nodiscard]] std::vector<std::string> parts() const;
};

} // namespace reverie::ui
