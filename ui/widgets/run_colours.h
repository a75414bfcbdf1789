// SPDX-License-Identifier: MIT
#pragma once

#include <QColor>

namespace reverie::ui {

/// Colours of curves that are told apart by people who see colours differently too, for the theme of now:
/// ten, then from the beginning.
QColor curveColour(int index);

} // namespace reverie::ui
