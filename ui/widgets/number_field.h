// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

class QDoubleSpinBox;
class QLabel;
class QSlider;

namespace reverie::ui {

/// What a NumberField lets one choose.
struct NumberRange {
    double minimum = 0;
    double maximum = 1;
    double sliderMaximum = 1; ///< the slider covers the usual values, the box all of them
    double step = 1;
    int decimals = 0;
};

/// A name, a slider and a box for one number that has a default. The box has the keyboard, the slider the
/// mouse.
class NumberField : public QWidget
{
    Q_OBJECT
public:
    explicit NumberField(const QString& name, const QString& help, QWidget* parent = nullptr);

    void setRange(const NumberRange& range, double defaultValue);
    void setValue(double value);
    void reset() { setValue(m_default); }
    [[nodiscard]] double value() const;
    [[nodiscard]] bool isDefault() const;

Q_SIGNALS:
    void changed();

private:
    void showValue();

    QLabel* m_label;
    QSlider* m_slider;
    QDoubleSpinBox* m_box;
    NumberRange m_range;
    double m_default = 0;
};

} // namespace reverie::ui
