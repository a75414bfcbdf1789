// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace reverie::ui {

void showShortcuts(QWidget* parent);
void showAbout(QWidget* parent);

} // namespace reverie::ui
