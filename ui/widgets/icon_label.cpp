// SPDX-License-Identifier: MIT
#include "ui/widgets/icon_label.h"

#include "ui/widgets/theme.h"

#include <QPainter>

namespace reverie::ui {

IconLabel::IconLabel(const QString& icon, int size, QWidget* parent)
    : QWidget(parent)
    , m_icon(Theme::icon(icon))
{
    setFixedSize(size, size);
}

void IconLabel::setIcon(const QString& icon)
{
    m_icon = Theme::icon(icon);
    update();
}

void IconLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    m_icon.paint(&painter, contentsRect());
}

} // namespace reverie::ui
