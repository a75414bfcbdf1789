// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_entry.h"

#include <QHash>
#include <QStringList>

#include <stop_token>

namespace reverie::ui {

/// Finds runs, again and again, and reads them. On a worker; folders that don't answer hold up only that.
class RunSearch
{
public:
    /// Every run of the runs folder, every noted one, and what lies below `folders`: runs and folders of
    /// TensorBoard's files, two levels deep. `launched` are processes by their runs, which are starting until
    /// they say more. Live ones first, then the newest first.
    QList<RunEntry> find(const QStringList& folders, const QHash<QString, qint64>& launched,
                         const std::stop_token& stop);

private:
    QStringList m_seen; ///< runs that were there once: one whose folder vanishes is still named
};

} // namespace reverie::ui
