// SPDX-License-Identifier: MIT
#include "ui/widgets/finished_pane.h"

#include "ui/session/picture_list.h"
#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int thumbnail = 64;
constexpr int cell = 80;

class ThumbnailDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return { cell, cell }; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& colours = Theme::instance().colours();
        const QRectF target(option.rect.x() + (cell - thumbnail) / 2.0,
                            option.rect.y() + (cell - thumbnail) / 2.0, thumbnail, thumbnail);
        paintPicture(*painter, target, index.data(Qt::DecorationRole).value<QImage>(), 6, Enlarge::Smoothly);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (index.data(PictureList::PathRole).toString().isEmpty()) {
            painter->setPen(QPen(colours.surface, 2));
            painter->setBrush(colours.danger);
            painter->drawEllipse(target.topRight() + QPointF(-5, 5), 5, 5);
        }
        if (option.state.testFlag(QStyle::State_Selected)) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(colours.accent, 2));
            painter->drawRoundedRect(target.adjusted(-3, -3, 3, 3), 9, 9);
        }
        painter->restore();
    }
};

} // namespace

FinishedPane::FinishedPane(QAbstractItemModel* pictures, QWidget* parent)
    : QFrame(parent)
    , m_list(new QListView)
    , m_title(new QLabel)
    , m_hint(new QLabel(tr("Finished pictures line up here and are saved as they come.")))
{
    setObjectName(QStringLiteral("finishedPane"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 16, 4, 8);
    m_title->setProperty("section", true);
    m_hint->setProperty("muted", true);
    m_hint->setWordWrap(true);
    layout->addWidget(m_title);
    layout->addWidget(m_hint);
    layout->addWidget(m_list, 1);
    layout->addStretch();
    m_list->setObjectName(QStringLiteral("finishedList"));
    m_list->setAccessibleName(tr("Finished pictures"));
    m_list->setModel(pictures);
    m_list->setItemDelegate(new ThumbnailDelegate(m_list));
    m_list->setViewMode(QListView::IconMode);
    m_list->setMovement(QListView::Static);
    m_list->setResizeMode(QListView::Adjust);
    m_list->setUniformItemSizes(true);
    m_list->setDragEnabled(true);
    m_list->setDragDropMode(QAbstractItemView::DragOnly);
    m_list->setIconSize({ thumbnail, thumbnail });
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex& current) { Q_EMIT currentChanged(current.row()); });
    connect(pictures, &QAbstractItemModel::rowsInserted, this, &FinishedPane::showCount);
    showCount();
}

int FinishedPane::currentRow() const
{
    return m_list->currentIndex().row();
}

void FinishedPane::setCurrentRow(int row)
{
    m_list->setCurrentIndex(m_list->model()->index(row, 0));
    if (row < 0)
        m_list->clearSelection();
}

void FinishedPane::setActions(const QList<QAction*>& actions)
{
    m_list->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_list->addActions(actions);
}

void FinishedPane::showCount()
{
    const int count = m_list->model()->rowCount();
    m_title->setText(count == 0 ? tr("Pictures") : tr("Pictures (%1)").arg(count));
    m_hint->setVisible(count == 0);
    m_list->setVisible(count > 0);
}

} // namespace reverie::ui
