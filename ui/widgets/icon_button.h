// SPDX-License-Identifier: MIT
#pragma once

class QString;
class QToolButton;

namespace reverie::ui {

/// A button that is an icon of the theme, with its name as a tool tip and for screen readers.
QToolButton* iconButton(const QString& icon, const QString& name);

} // namespace reverie::ui
