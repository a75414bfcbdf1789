// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/training_options.h"

#include <QWidget>

#include <optional>

class QLabel;
class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace reverie::ui {

class TrainingOptionsModel;

/// Every option of a run, to be searched and written over, with its default, its meaning and where the number
/// comes from.
class TrainingOptionsTable : public QWidget
{
    Q_OBJECT
public:
    explicit TrainingOptionsTable(QWidget* parent = nullptr);
    /// While a value is being written, they are shown when that is done.
    void setOptions(std::vector<TrainingOption> options);
    [[nodiscard]] QLineEdit& searchField() const { return *m_search; }
    [[nodiscard]] QTableView& table() const;

Q_SIGNALS:
    /// JSON; an empty value takes the change back.
    void changeWanted(const QString& key, const QString& value);

private:
    class View;
    void showCurrent();
    void showLater();

    QLineEdit* m_search;
    View* m_table;
    QLabel* m_note;
    TrainingOptionsModel* m_model;
    QSortFilterProxyModel* m_shown;
    std::optional<std::vector<TrainingOption>> m_later;
};

} // namespace reverie::ui
