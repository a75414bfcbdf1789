// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

class QLabel;

namespace reverie::ui {

/// A label for what a file says: plain text that wraps in narrow columns and can be selected.
QLabel* factLabel(const char* id = "");

/// With places to wrap at behind the marks of file names: Qt breaks lines at blanks only.
QString breakable(QString text);

} // namespace reverie::ui
