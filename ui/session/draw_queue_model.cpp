// SPDX-License-Identifier: MIT
#include "ui/session/draw_queue.h"

#include "ui/session/session.h"
#include "ui/session/set_forecast.h"

#include <QIODevice>
#include <QLocale>
#include <QMimeData>

#include <algorithm>

// The queue as a list, and moving its rows by drag and drop.
namespace reverie::ui {

namespace {

const QString rowType = QStringLiteral("application/x-reverie-queue-row");

QString promptOf(const QueueEntry& entry)
{
    const auto& prompts = entry.request.prompts;
    const QString first = prompts.empty() ? QString() : QString::fromStdString(prompts.front());
    if (prompts.size() > 1)
        return DrawQueue::tr("%1 and %n more", nullptr, static_cast<int>(prompts.size()) - 1).arg(first);
    return first.isEmpty() ? DrawQueue::tr("A mix of pictures") : first;
}

} // namespace

int DrawQueue::waiting() const
{
    return static_cast<int>(
        std::count_if(m_entries.begin(), m_entries.end(), [this](const QueueEntry& entry) {
            return entry.id != m_running && entry.problem.isEmpty() && !entry.drawn;
        }));
}

std::optional<double> DrawQueue::secondsLeft() const
{
    struct Work {
        double flops = 0; // of the pictures that were foretold
        int foretold = 0, pictures = 0;
    };
    std::map<QString, Work> byDevice;
    double seconds = 0;
    for (const QueueEntry& entry : m_entries) {
        if (!entry.problem.isEmpty() || entry.drawn)
            continue;
        if (entry.id == m_running) {
            const auto left = m_session.drawing().secondsLeft();
            if (!left)
                return {};
            seconds += *left;
            continue;
        }
        const int left = entry.pictures() - static_cast<int>(entry.saved.size());
        Work& work = byDevice[entry.device];
        work.pictures += left;
        if (entry.preview) {
            work.foretold += left;
            work.flops += entry.preview->flops * left / entry.pictures();
        }
    }
    for (const auto& [device, work] : byDevice) {
        const auto foretold = secondsFor(device, work.flops);
        if (!foretold)
            return {};
        seconds += *foretold * work.pictures / work.foretold;
    }
    return seconds;
}

QString DrawQueue::detail(const QueueEntry& entry) const
{
    if (entry.drawn)
        return tr("Being saved");
    QStringList parts;
    if (entry.id == m_running) {
        const Drawing& drawing = m_session.drawing();
        parts << (drawing.size() == 1
                      ? tr("Drawing")
                      : tr("Drawing %1 of %2").arg(drawing.current() + 1).arg(drawing.size()));
        if (const auto seconds = drawing.secondsLeft())
            parts << aboutTime(*seconds);
        return parts.join(QStringLiteral(" · "));
    }
    if (const int left = entry.pictures() - static_cast<int>(entry.saved.size()); left > 1)
        parts << tr("%n pictures", nullptr, left);
    if (const auto seconds = secondsOf(entry))
        parts << aboutTime(*seconds);
    if (entry.preview)
        parts << QLocale().formattedDataSize(static_cast<qint64>(entry.preview->memory_bytes), 0,
                                             QLocale::DataSizeSIFormat);
    if (parts.isEmpty())
        return tr("1 picture");
    return parts.join(QStringLiteral(" · "));
}

int DrawQueue::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

QVariant DrawQueue::data(const QModelIndex& index, int role) const
{
    const QueueEntry& entry = m_entries.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
    case PromptRole:
        return promptOf(entry);
    case DetailRole:
        return detail(entry);
    case ProblemRole:
        return entry.problem;
    case ProgressRole:
        return entry.id == m_running ? m_session.drawing().progress() : -1.0;
    case IdRole:
        return entry.id;
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole:
        return entry.problem.isEmpty() ? detail(entry) : entry.problem;
    case Qt::AccessibleTextRole:
        return promptOf(entry) + QStringLiteral(", ")
            + (entry.problem.isEmpty() ? detail(entry) : entry.problem);
    default:
        return {};
    }
}

void DrawQueue::announce(int row)
{
    if (row >= 0)
        Q_EMIT dataChanged(index(row), index(row));
}

Qt::ItemFlags DrawQueue::flags(const QModelIndex& index) const
{
    if (!index.isValid())
        return Qt::ItemIsDropEnabled;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled;
}

QStringList DrawQueue::mimeTypes() const
{
    return { rowType };
}

QMimeData* DrawQueue::mimeData(const QModelIndexList& indexes) const
{
    auto* data = new QMimeData;
    data->setData(rowType,
                  indexes.isEmpty() ? QByteArray() : QByteArray::number(at(indexes.first().row()).id));
    return data;
}

bool DrawQueue::dropMimeData(const QMimeData* data, Qt::DropAction, int row, int, const QModelIndex& parent)
{
    if (!data->hasFormat(rowType))
        return false;
    const int before = row >= 0 ? row : parent.isValid() ? parent.row() : rowCount();
    if (const int dragged = rowOf(data->data(rowType).toLongLong()); dragged >= 0) // not drawn meanwhile
        move(dragged, before);
    return false; // the row is where it belongs; nothing is left to be taken away
}

} // namespace reverie::ui
