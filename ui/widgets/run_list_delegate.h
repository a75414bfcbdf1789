// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_entry.h"

#include <QColor>
#include <QStyledItemDelegate>

namespace reverie::ui {

/// The colour that a run's state is marked with.
QColor stateColour(RunEntry::State state);

/// One run of the list: its name, how it stands, how far it is and the disk it takes.
class RunListDelegate : public QStyledItemDelegate
{
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

} // namespace reverie::ui
