// SPDX-License-Identifier: MIT
#pragma once

#include <QIcon>
#include <QWidget>

namespace reverie::ui {

/// An icon as a picture, in the theme's colours and sharp at every scale.
class IconLabel : public QWidget
{
    Q_OBJECT
public:
    IconLabel(const QString& icon, int size, QWidget* parent = nullptr);

    void setIcon(const QString& icon);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QIcon m_icon;
};

} // namespace reverie::ui
