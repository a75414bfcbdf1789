// SPDX-License-Identifier: MIT
#include "ui/widgets/labelled_row.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>

namespace reverie::ui {

QWidget* labelledRow(const QString& name, QComboBox* box)
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    auto* label = new QLabel(name);
    label->setFixedWidth(84);
    label->setBuddy(box);
    box->setAccessibleName(name);
    layout->addWidget(label);
    layout->addWidget(box, 1);
    return row;
}

} // namespace reverie::ui
