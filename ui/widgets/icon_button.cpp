// SPDX-License-Identifier: MIT
#include "ui/widgets/icon_button.h"

#include "ui/widgets/theme.h"

#include <QToolButton>

namespace reverie::ui {

QToolButton* iconButton(const QString& icon, const QString& name)
{
    auto* button = new QToolButton;
    button->setIcon(Theme::icon(icon));
    button->setIconSize({ 18, 18 });
    button->setToolTip(name);
    button->setAccessibleName(name);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

} // namespace reverie::ui
