// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_launcher.h"

#include "core/api/training_options.h"

#include <QMap>

#include <optional>

namespace reverie::ui {

/// How long a run is to be.
struct RunLength {
    double factor = 1; ///< of the steps that the preset gives each part
    std::optional<qint64> steps; ///< or so many of each part
};

/// What a person answers to get a run, and what they changed of the options behind it.
struct RunQuestions {
    QString preset;
    QByteArray configuration; ///< of the run that is done again with changes, instead of the preset; JSON
    QString what = QStringLiteral("all");
    int unet = 0; ///< the decoder's only stage to be trained; 0: all
    QString data; ///< empty: as the preset says
    QString init; ///< model file whose weights to start from; or empty
    QString device = QStringLiteral("auto");
    int threads = 0;
    RunLength length;
    QString after; ///< folder of the run to wait for
    QString name; ///< of the folder; empty: the day and what is trained
    QMap<QString, QString> changes; ///< JSON by key

    [[nodiscard]] static RunQuestions of(const RunOrder& order);
    /// Steps are scaled from `options`, those of the request with neither a length nor changes.
    [[nodiscard]] RunOrder order(const std::vector<TrainingOption>& options) const;
    /// That request.
    [[nodiscard]] RunOrder bareOrder() const;
};

/// "a name" in the runs folder. Throws UsageError for one that holds a slash or is taken.
std::filesystem::path runFolderNamed(const QString& name);

} // namespace reverie::ui
