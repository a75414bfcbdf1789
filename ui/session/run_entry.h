// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_status.h"

#include <QString>

namespace reverie::ui {

/// A training run as the list shows it: what its folder says, as far as that can be read.
struct RunEntry {
    enum class State {
        Queued, ///< waits for another run to end
        Starting,
        Running,
        Paused,
        Finished,
        Stopped, ///< ended on request, to be gone on with
        Failed,
        Died, ///< its process ended without saying so
        Unknown, ///< a newer version has a word for it that this one does not know
        Events, ///< no run of ours, but TensorBoard's event files
        Unreadable,
    };

    QString path;
    State state = State::Unreadable;
    RunStatus status; ///< what there is of it
    QString title; ///< of the model; empty: not recorded
    QString what; ///< tokenizer, clip, prior, decoder or all
    QString data; ///< data set spec
    QString device; ///< that it was asked to train on, "auto" included
    QString runsOn; ///< and that this came to, "cuda:0"; empty: not recorded
    QString after; ///< folder of the run it waits for
    QString reason; ///< one sentence: why it failed or died, or what it waits for
    QString trouble; ///< one sentence: what of the folder can't be read
    QString launchProblem; ///< what a process said that ended before it took the run on
    bool lives = false; ///< its process does
    bool hasConfiguration = false; ///< without it nothing can be gone on with
    bool isLocal = true; ///< its process is, or was, on this machine
    qint64 bytes = -1; ///< on the disk; -1: not counted yet

    [[nodiscard]] QString name() const; ///< of its folder
    [[nodiscard]] bool isAlive() const; ///< it goes on, or will
    [[nodiscard]] bool canResume() const;
    [[nodiscard]] double progress() const; ///< of the part, 0 to 1
    friend bool operator==(const RunEntry& a, const RunEntry& b);
};

/// Reads run.json and status.json of a folder. Never fails: what can't be read is said in `trouble`.
RunEntry readRun(const QString& folder);

/// The last line of its log.txt.
QString lastLogLine(const QString& folder);

/// "Running", "Died", ...
QString stateName(RunEntry::State state);
/// One sentence about a state in status.json that this version does not know; empty for those it does.
QString unknownStateText(const std::string& state);
/// "unet1" as "stage 1", ...
QString partName(const QString& part);

} // namespace reverie::ui
