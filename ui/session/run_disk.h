// SPDX-License-Identifier: MIT
#pragma once

#include <QList>
#include <QString>

#include <stop_token>

namespace reverie::ui {

/// Bytes that a folder and what is in it take on the disk.
qint64 bytesBelow(const QString& folder, const std::stop_token& stop = {});

/// Checkpoints of a run that can go: all but the newest of the last part, which it goes on from, and the best
/// of each part, or the newest where none was named.
struct Thinning {
    QStringList folders;
    qint64 bytes = 0;
};
Thinning plannedThinning(const QString& run);
/// Deletes them for good. Throws Error if one stays.
void thinOut(const Thinning& thinning);

/// A run in the trash.
struct TrashedRun {
    QString folder, trashed;
};

} // namespace reverie::ui
