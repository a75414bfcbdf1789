// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QHBoxLayout;
class QLabel;
class QSlider;
class QToolButton;

namespace reverie::ui {

/// What charts show and how: part, x axis, smoothing, logarithms, outliers.
class ChartControls : public QWidget
{
    Q_OBJECT
public:
    explicit ChartControls(QWidget* parent = nullptr);

    /// The last is chosen until somebody chooses another.
    void setParts(const QStringList& parts);
    /// With a choice of one kind of chart, for comparing.
    void offerKinds(bool offer);
    /// Writes what is chosen into a query.
    void fill(ChartQuery& query) const;
    [[nodiscard]] QString kind() const; ///< "loss", ...
    void setZoomed(bool zoomed);

Q_SIGNALS:
    void changed();
    void allWanted();

private:
    void makeChoices(QHBoxLayout& layout);
    void makeSmoothing(QHBoxLayout& layout);
    void makeSwitches(QHBoxLayout& layout);
    [[nodiscard]] double window() const;
    void showWindow();

    QComboBox* m_kind;
    QComboBox* m_part;
    QComboBox* m_x;
    QSlider* m_smoothing;
    QLabel* m_window;
    QCheckBox* m_logX;
    QCheckBox* m_logY;
    QCheckBox* m_clip;
    QToolButton* m_all;
    bool m_partChosen = false;
};

} // namespace reverie::ui
