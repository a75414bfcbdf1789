// SPDX-License-Identifier: MIT
#include "ui/session/run_model.h"

#include <QLocale>
#include <QSet>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

QString sizeText(qint64 bytes)
{
    return bytes < 0
        ? QString()
        : QLocale().formattedDataSize(bytes, bytes < 1'000'000 ? 0 : 1, QLocale::DataSizeSIFormat);
}

QString durationText(double seconds)
{
    const auto minutes = static_cast<qint64>(std::round(seconds / 60));
    if (seconds < 90)
        return RunModel::tr("%1 s").arg(static_cast<int>(std::ceil(seconds)));
    if (minutes < 90)
        return RunModel::tr("%1 min").arg(minutes);
    if (minutes < 24 * 60)
        return RunModel::tr("%1 h %2 min").arg(minutes / 60).arg(minutes % 60);
    return RunModel::tr("%1 days").arg(QLocale().toString(seconds / 86'400, 'f', 1));
}

QString progressText(const RunEntry& run)
{
    QStringList words{ stateName(run.state) };
    const bool started = !run.status.part.empty() && run.status.steps > 0;
    if (started && run.state != RunEntry::State::Finished && run.state != RunEntry::State::Queued)
        words << RunModel::tr("%1 %").arg(static_cast<int>(run.progress() * 100))
              << partName(QString::fromStdString(run.status.part));
    return words.join(QStringLiteral(" · "));
}

int RunModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant RunModel::data(const QModelIndex& index, int role) const
{
    const RunEntry* run = entryAt(index.row());
    if (!run)
        return {};
    switch (role) {
    case Qt::DisplayRole:
        return run->name();
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2, %3").arg(run->name(), progressText(*run), sizeText(run->bytes));
    case Qt::ToolTipRole:
        return run->reason.isEmpty() ? run->path : run->path + QLatin1Char('\n') + run->reason;
    default:
        return {};
    }
}

const RunEntry* RunModel::entryAt(int row) const
{
    return row >= 0 && row < m_entries.size() ? &m_entries[row] : nullptr;
}

const RunEntry* RunModel::entry(const QString& folder) const
{
    return entryAt(rowOf(folder));
}

int RunModel::rowOf(const QString& folder) const
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                    [&](const RunEntry& run) { return run.path == folder; });
    return found == m_entries.end() ? -1 : static_cast<int>(found - m_entries.begin());
}

void RunModel::removeOthers(const QList<RunEntry>& entries)
{
    QSet<QString> wanted;
    for (const RunEntry& run : entries)
        wanted << run.path;
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (wanted.contains(m_entries[row].path))
            continue;
        beginRemoveRows({}, row, row);
        m_entries.removeAt(row);
        endRemoveRows();
    }
}

void RunModel::setEntries(QList<RunEntry> entries)
{
    removeOthers(entries);
    for (int row = 0; row < entries.size(); ++row) {
        RunEntry& run = entries[row];
        run.bytes = m_bytes.value(run.path, -1);
        const int now = rowOf(run.path);
        if (now < 0) {
            beginInsertRows({}, row, row);
            m_entries.insert(row, run);
            endInsertRows();
            continue;
        }
        if (now != row) {
            beginMoveRows({}, now, now, {}, row);
            m_entries.move(now, row);
            endMoveRows();
        }
        const bool changed = !(m_entries[row] == run);
        m_entries[row] = run;
        if (changed)
            Q_EMIT dataChanged(index(row), index(row));
    }
}

void RunModel::setBytes(const QString& folder, qint64 bytes)
{
    m_bytes[folder] = bytes;
    const int row = rowOf(folder);
    if (row < 0 || m_entries[row].bytes == bytes)
        return;
    m_entries[row].bytes = bytes;
    Q_EMIT dataChanged(index(row), index(row));
}

} // namespace reverie::ui
