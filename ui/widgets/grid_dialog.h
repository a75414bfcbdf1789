// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/request_axes.h"

#include <QDialog>

#include <map>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace reverie::ui {

class SetForecast;

/// What a grid's pictures differ in: a parameter and its values for the columns, and perhaps for the rows.
/// Says how many pictures that makes and how long they will take.
class GridDialog : public QDialog
{
    Q_OBJECT
public:
    /// `base` is what they have in common, drawn on `device`; `parameters` may be chosen, each with the
    /// values it offers at first.
    GridDialog(GenerateRequest base, QString device, const std::vector<Axis>& parameters,
               SetForecast& forecast, QWidget* parent = nullptr);

    /// Chooses those first; nothing else than the first two count.
    void setAxes(const std::vector<Axis>& axes);

Q_SIGNALS:
    void chosen(const std::vector<reverie::Axis>& axes); ///< the columns', and perhaps the rows'

private:
    struct AxisRow {
        QComboBox* parameter;
        QLineEdit* values;
    };
    AxisRow makeRow(const QString& id, const QString& name, const QString& valuesName);
    void offerValues(const AxisRow& row);
    [[nodiscard]] std::vector<Axis> axes() const; ///< throws UsageError
    void showSummary();

    GenerateRequest m_base;
    QString m_device;
    std::map<QString, QString> m_offered; ///< values by parameter
    SetForecast& m_forecast;
    AxisRow m_columns, m_rows;
    QLabel* m_help;
    QLabel* m_summary;
    QPushButton* m_draw;
    QString m_count; ///< of the pictures, in words
};

} // namespace reverie::ui
