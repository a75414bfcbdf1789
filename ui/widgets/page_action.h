// SPDX-License-Identifier: MIT
#pragma once

#include <QKeySequence>
#include <QList>

class QAction;
class QString;
class QWidget;

namespace reverie::ui {

/// An action of a page, whose keys count wherever on the page the focus is. `icon` is one of the theme's, or
/// empty.
QAction* addPageAction(QWidget& page, const char* id, const QString& text, const char* icon,
                       const QList<QKeySequence>& shortcuts);

} // namespace reverie::ui
