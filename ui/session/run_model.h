// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_entry.h"

#include <QAbstractListModel>
#include <QHash>

namespace reverie::ui {

/// The runs, in the order they are shown. News moves rows instead of replacing them, so that what is chosen
/// stays chosen.
class RunModel : public QAbstractListModel
{
    Q_OBJECT
public:
    using QAbstractListModel::QAbstractListModel;

    int rowCount(const QModelIndex& parent = {}) const override;
    /// Qt::DisplayRole is the run's name, Qt::AccessibleTextRole all that its row says.
    QVariant data(const QModelIndex& index, int role) const override;

    [[nodiscard]] const RunEntry* entryAt(int row) const; ///< null outside the list
    [[nodiscard]] const RunEntry* entry(const QString& folder) const; ///< null if it is not there
    [[nodiscard]] int rowOf(const QString& folder) const; ///< -1 if it is not there
    [[nodiscard]] const QList<RunEntry>& entries() const { return m_entries; }

    void setEntries(QList<RunEntry> entries);
    void setBytes(const QString& folder, qint64 bytes);

private:
    void removeOthers(const QList<RunEntry>& entries);

    QList<RunEntry> m_entries;
    QHash<QString, qint64> m_bytes;
};

/// "Running · 35 % · decoder stage 1", as the list and screen readers say it.
QString progressText(const RunEntry& run);
/// "40 s", "12 min", "3 h 20 min", "5 days": as coarsely as such estimates are good.
QString durationText(double seconds);
/// "1.2 GB", or nothing while it is not known.
QString sizeText(qint64 bytes);

} // namespace reverie::ui
