// SPDX-License-Identifier: MIT
#include "ui/widgets/page_action.h"

#include "ui/widgets/theme.h"

#include <QAction>
#include <QWidget>

namespace reverie::ui {

QAction* addPageAction(QWidget& page, const char* id, const QString& text, const char* icon,
                       const QList<QKeySequence>& shortcuts)
{
    auto* action = new QAction(text, &page);
    action->setObjectName(QLatin1String(id));
    if (*icon)
        action->setIcon(Theme::icon(QLatin1String(icon)));
    action->setShortcuts(shortcuts);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    page.addAction(action);
    return action;
}

} // namespace reverie::ui
