// SPDX-License-Identifier: MIT
#pragma once

#include <QIconEngine>
#include <QString>

namespace reverie::ui {

/// A one-colour SVG drawn in the theme's colours, whatever they are when it is painted.
class SvgIconEngine : public QIconEngine
{
public:
    explicit SvgIconEngine(QString file);
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override;
    QIconEngine* clone() const override;

private:
    QString m_file;
};

} // namespace reverie::ui
