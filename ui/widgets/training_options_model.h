// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/training_options.h"

#include <QAbstractTableModel>
#include <QMap>

namespace reverie::ui {

/// Every option of a training configuration; values can be written over.
class TrainingOptionsModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Name, Value, Default, Meaning, Source, Columns };
    using QAbstractTableModel::QAbstractTableModel;

    void setOptions(std::vector<TrainingOption> options);
    [[nodiscard]] const std::vector<TrainingOption>& options() const { return m_options; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    /// An empty value takes the change back.
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
    void changeWanted(const QString& key, const QString& value);

private:
    std::vector<TrainingOption> m_options;
};

} // namespace reverie::ui
