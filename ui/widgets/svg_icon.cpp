// SPDX-License-Identifier: MIT
#include "ui/widgets/svg_icon.h"

#include "ui/widgets/theme.h"

#include <QPainter>
#include <QSvgRenderer>

namespace reverie::ui {

SvgIconEngine::SvgIconEngine(QString file)
    : m_file(std::move(file))
{
}

QPixmap SvgIconEngine::pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state)
{
    if (size.isEmpty())
        return {};
    const Colours& colours = Theme::instance().colours();
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    QSvgRenderer(m_file).render(&painter, QRectF({}, size));
    painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
    QColor colour = state == QIcon::On || mode == QIcon::Selected ? colours.accent : colours.muted;
    if (mode == QIcon::Disabled)
        colour.setAlphaF(0.45F);
    painter.fillRect(pixmap.rect(), colour);
    return pixmap;
}

void SvgIconEngine::paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state)
{
    const qreal ratio = painter->device()->devicePixelRatioF();
    painter->drawPixmap(rect, pixmap(rect.size() * ratio, mode, state));
}

QIconEngine* SvgIconEngine::clone() const
{
    return new SvgIconEngine(m_file);
}

} // namespace reverie::ui
