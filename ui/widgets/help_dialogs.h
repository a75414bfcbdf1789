// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace reverie::ui {

void showAbout(QWidget* parent);

} // namespace reverie::ui
