// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/run_status.h"

#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace reverie::ui {

/// The samples of one step.
struct SampleStep {
    QString part;
    qint64 step = 0;
    QString folder;
    int pictures = 0;
    QString model; ///< the checkpoint of that step; empty if it was not kept
    bool operator==(const SampleStep&) const = default;
};

/// A run as its folder told it last.
struct RunState {
    QString place; ///< its folder, or event file
    QString name;
    std::optional<RunStatus> status; ///< none for event files, and if it can't be read
    bool alive = false; ///< its process is, or seems to be
    bool reading = false; ///< there is more in the files
    QString trouble; ///< what can't be read, in a sentence; none while it is being read
    QStringList parts; ///< that reported numbers, in the order of training
    QMap<QString, double> numbers; ///< of the newest line about training: loss, lr, ...
    QString log; ///< the end of log.txt
    QList<SampleStep> samples; ///< parts in the order of training, then steps
    QMap<QString, QString> options; ///< of run.json, dotted: "clip.lr" -> "0.001"
};

} // namespace reverie::ui
