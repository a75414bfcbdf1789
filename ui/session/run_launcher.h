// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_entry.h"

#include "core/run/training_request.h"

#include <QByteArray>
#include <QList>
#include <QStringList>

namespace reverie::ui {

/// The `dream` beside this program, else the one that is found; empty if there is none.
QString dreamProgram();

/// What is started, and what it is to begin from instead of a file of the user's.
struct RunOrder {
    TrainRequest request; ///< with an empty `run`, a new folder in the runs folder is taken
    QByteArray configuration; ///< JSON laid over the preset, written into the run's folder; or empty
};

/// The command line of a request.
QStringList trainArguments(const TrainRequest& request);

/// A process started for a run.
struct LaunchedRun {
    QString folder;
    qint64 pid = 0;
};

/// Starts `dream train` as a process of its own session, which outlives this one; what it has to say goes to
/// log.txt in the run's folder. Throws Error if it can't be started.
LaunchedRun launchRun(const QString& program, RunOrder order);
/// The same for `dream train --resume`.
LaunchedRun relaunchRun(const QString& program, const QString& folder);

/// The configuration in a run's run.json, and the request that it was started by, but for its folder. Throws
/// Error if there is none.
RunOrder orderOf(const QString& folder);

/// Where a new run is soonest done.
struct QueuePlace {
    QString device; ///< one of those given
    QString after; ///< folder of the run to wait for; empty: the device is free
};

/// The device of `devices` ("cuda:0", "cuda:1"; or "cpu") with the fewest living runs of this machine, and
/// the last in its line.
QueuePlace queuePlace(const QList<RunEntry>& runs, const QStringList& devices);

/// That on which the run `after` trains, which leaves it; without one, the device with the shortest line.
QString deviceBehind(const QList<RunEntry>& runs, const QString& after, const QStringList& devices);

/// Which of `devices` a run trains on.
QString deviceOf(const RunEntry& run, const QStringList& devices);

} // namespace reverie::ui
