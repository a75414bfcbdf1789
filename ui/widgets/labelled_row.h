// SPDX-License-Identifier: MIT
#pragma once

class QComboBox;
class QString;
class QWidget;

namespace reverie::ui {

/// A choice with its name before it, in line with the number fields.
QWidget* labelledRow(const QString& name, QComboBox* box);

} // namespace reverie::ui
