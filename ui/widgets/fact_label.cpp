// SPDX-License-Identifier: MIT
#include "ui/widgets/fact_label.h"

#include <QLabel>

namespace reverie::ui {

QLabel* factLabel(const char* id)
{
    auto* label = new QLabel;
    label->setObjectName(QLatin1String(id));
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->setMinimumWidth(40);
    return label;
}

QString breakable(QString text)
{
    for (const QChar mark : { QLatin1Char('-'), QLatin1Char('_'), QLatin1Char('/') })
        text.replace(mark, QString(mark) + QChar(0x200b));
    return text;
}

} // namespace reverie::ui
