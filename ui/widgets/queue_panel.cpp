// SPDX-License-Identifier: MIT
#include "ui/widgets/queue_panel.h"

#include "ui/session/draw_queue.h"
#include "ui/widgets/shortcuts.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>

namespace reverie::ui {

namespace {

constexpr int row_height = 46;
constexpr int most_rows_shown = 5;

/// Two lines, and a bar below them for what is being drawn.
class QueueDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return { 80, row_height };
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& colours = Theme::instance().colours();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRectF row = QRectF(option.rect).adjusted(1, 2, -1, -2);
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        painter->setPen(Qt::NoPen);
        painter->setBrush(selected ? colours.accentSoft : colours.window);
        painter->drawRoundedRect(row, 6, 6);
        if (option.state.testFlag(QStyle::State_HasFocus)) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(colours.accent, 1.5));
            painter->drawRoundedRect(row, 6, 6);
        }
        paintTexts(*painter, row.adjusted(8, 4, -8, -6), option, index);
        paintProgress(*painter, row, index.data(DrawQueue::ProgressRole).toDouble());
        painter->restore();
    }

private:
    static void paintTexts(QPainter& painter, const QRectF& area, const QStyleOptionViewItem& option,
                           const QModelIndex& index)
    {
        const Colours& colours = Theme::instance().colours();
        const QString problem = index.data(DrawQueue::ProblemRole).toString();
        const QString prompt = index.data(DrawQueue::PromptRole).toString();
        const QString second = problem.isEmpty() ? index.data(DrawQueue::DetailRole).toString() : problem;
        const int width = static_cast<int>(area.width());
        painter.setPen(colours.text);
        painter.drawText(area, Qt::AlignTop, option.fontMetrics.elidedText(prompt, Qt::ElideRight, width));
        QFont small = option.font;
        small.setPointSizeF(small.pointSizeF() * 0.9);
        painter.setFont(small);
        painter.setPen(problem.isEmpty() ? colours.muted : colours.danger);
        painter.drawText(area, Qt::AlignBottom,
                         QFontMetrics(small).elidedText(second, Qt::ElideRight, width));
    }

    static void paintProgress(QPainter& painter, const QRectF& row, double progress)
    {
        if (progress < 0)
            return;
        QRectF bar(row.left() + 6, row.bottom() - 3, row.width() - 12, 2);
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::instance().colours().border);
        painter.drawRect(bar);
        bar.setWidth(bar.width() * progress);
        painter.setBrush(Theme::instance().colours().accent);
        painter.drawRect(bar);
    }
};

} // namespace

QueuePanel::QueuePanel(DrawQueue& queue, QWidget* parent)
    : QFrame(parent)
    , m_queue(queue)
    , m_title(new QLabel)
    , m_left(new QLabel)
    , m_list(new QListView)
{
    setObjectName(QStringLiteral("queuePanel"));
    makeActions();
    m_title->setProperty("section", true);
    m_left->setProperty("muted", true);
    auto* pause = new QToolButton;
    pause->setObjectName(QStringLiteral("pauseQueue"));
    pause->setDefaultAction(m_actions.pause);
    pause->setAutoRaise(true);
    auto* header = new QHBoxLayout;
    header->addWidget(m_title, 1);
    header->addWidget(pause);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 16, 4, 0);
    layout->addLayout(header);
    layout->addWidget(m_left);
    layout->addWidget(m_list);
    m_list->setObjectName(QStringLiteral("queueList"));
    m_list->setAccessibleName(tr("Queue"));
    m_list->setModel(&queue);
    m_list->setItemDelegate(new QueueDelegate(m_list));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_list->setDragDropMode(QAbstractItemView::InternalMove);
    m_list->setUniformItemSizes(true);
    m_list->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_list->addActions(
        { m_actions.edit, m_actions.up, m_actions.down, m_actions.retry, m_actions.remove, m_actions.undo });
    m_list->installEventFilter(this);
    connect(m_list, &QListView::doubleClicked, m_actions.edit, &QAction::trigger);
    connect(m_list->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &QueuePanel::enableActions);
    connect(&queue, &DrawQueue::changed, this, &QueuePanel::show);
    show();
}

QAction* QueuePanel::addAction(const QString& text, const QKeySequence& key, void (QueuePanel::*run)())
{
    auto* action = new QAction(text, this);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    connect(action, &QAction::triggered, this, run);
    return action;
}

void QueuePanel::makeActions()
{
    m_actions.pause = new QAction(tr("Pause the &Queue"), this);
    m_actions.pause->setCheckable(true);
    m_actions.pause->setShortcut(Qt::CTRL | Qt::Key_P);
    connect(m_actions.pause, &QAction::toggled, &m_queue, &DrawQueue::setPaused);
    m_actions.edit = addAction(tr("&Edit"), Qt::Key_Return, &QueuePanel::edit);
    m_actions.up = addAction(tr("Draw &Earlier"), Qt::ALT | Qt::Key_Up, &QueuePanel::moveUp);
    m_actions.down = addAction(tr("Draw &Later"), Qt::ALT | Qt::Key_Down, &QueuePanel::moveDown);
    m_actions.retry = addAction(tr("&Try Again"), Qt::Key_R, &QueuePanel::retry);
    m_actions.remove = addAction(tr("&Remove"), Qt::Key_Delete, &QueuePanel::remove);
    m_actions.undo = new QAction(tr("&Put Back What Was Removed"), this);
    m_actions.undo->setShortcut(QKeySequence::Undo);
    m_actions.undo->setShortcutContext(Qt::WidgetShortcut);
    connect(m_actions.undo, &QAction::triggered, &m_queue, &DrawQueue::undoRemove);
}

void QueuePanel::show()
{
    const int rows = m_queue.rowCount();
    setVisible(rows > 0);
    m_title->setText(tr("Queue (%1)").arg(rows));
    const auto seconds = m_queue.secondsLeft();
    m_left->setText(m_queue.isPaused() ? tr("Paused")
                        : !seconds     ? QString()
                        : *seconds < 90
                        ? tr("Done in about %1 s").arg(static_cast<int>(std::lround(*seconds)))
                        : tr("Done in about %1 min").arg(static_cast<int>(std::lround(*seconds / 60))));
    m_left->setVisible(!m_left->text().isEmpty());
    m_actions.pause->setChecked(m_queue.isPaused());
    m_actions.pause->setIcon(
        Theme::icon(m_queue.isPaused() ? QStringLiteral("play") : QStringLiteral("pause")));
    m_actions.pause->setToolTip(
        withKeys(m_queue.isPaused() ? tr("Go on with the queue") : tr("Pause after what is being drawn"),
                 *m_actions.pause));
    m_list->setFixedHeight(std::min(rows, most_rows_shown) * row_height + 2);
    enableActions();
}

void QueuePanel::enableActions()
{
    const int row = currentRow();
    const bool one = row >= 0 && m_list->selectionModel()->selectedRows().size() == 1;
    m_actions.remove->setEnabled(row >= 0);
    m_actions.edit->setEnabled(one && m_queue.at(row).pictures() > 0);
    m_actions.up->setEnabled(one && row > 0);
    m_actions.down->setEnabled(one && row + 1 < m_queue.rowCount());
    m_actions.retry->setEnabled(m_actions.edit->isEnabled() && !m_queue.at(row).problem.isEmpty());
    m_actions.undo->setEnabled(m_queue.canUndo());
}

int QueuePanel::currentRow() const
{
    const QModelIndexList rows = m_list->selectionModel()->selectedRows();
    return rows.isEmpty() ? -1 : rows.first().row();
}

void QueuePanel::select(int row)
{
    m_list->setCurrentIndex(m_queue.index(row));
}

void QueuePanel::remove()
{
    QList<int> rows;
    for (const QModelIndex& index : m_list->selectionModel()->selectedRows())
        rows << index.row();
    m_queue.remove(rows);
    enableActions();
    Q_EMIT removed(static_cast<int>(rows.size()));
}

void QueuePanel::moveUp()
{
    const int row = currentRow();
    m_queue.move(row, row - 1);
    select(row - 1);
}

void QueuePanel::moveDown()
{
    const int row = currentRow();
    m_queue.move(row, row + 2);
    select(row + 1);
}

void QueuePanel::edit()
{
    Q_EMIT editWanted(currentRow());
}

void QueuePanel::retry()
{
    m_queue.retry(currentRow());
}

bool QueuePanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::FocusIn && currentRow() < 0 && m_queue.rowCount() > 0)
        select(0);
    return QFrame::eventFilter(watched, event);
}

} // namespace reverie::ui
