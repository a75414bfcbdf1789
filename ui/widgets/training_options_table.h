// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/training_options.h"

#include <QWidget>

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
    void setOptions(std::vector<TrainingOption> options);
    [[nodiscard]] QLineEdit& searchField() const { return *m_search; }
    [[nodiscard]] QTableView& table() const { return *m_table; }

Q_SIGNALS:
    /// JSON; an empty value takes the change back.
    void changeWanted(const QString& key, const QString& value);

private:
    void showCurrent();

    QLineEdit* m_search;
    QTableView* m_table;
    QLabel* m_note;
    TrainingOptionsModel* m_model;
    QSortFilterProxyModel* m_shown;
};

} // namespace reverie::ui
