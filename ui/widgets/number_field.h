// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

#include <optional>

class QLabel;
class QSlider;

namespace reverie::ui {

class NumberBox;

/// What a NumberField lets one choose.
struct NumberRange {
    double minimum = 0;
    double maximum = 1;
    double sliderMaximum = 1; ///< the slider covers the usual values, the box all of them
    double step = 1;
    int decimals = 0;
};

/// A name, a slider and a box for one number that has a default, or for a list of them. The box has the
/// keyboard, the slider the mouse.
class NumberField : public QWidget
{
    Q_OBJECT
public:
    explicit NumberField(const QString& name, const QString& help, QWidget* parent = nullptr);

    void setRange(const NumberRange& range, double defaultValue);
    void setTakesLists(bool takes);
    void setValue(double value);
    /// Numbers to draw with one after the other, as typed; empty where there is only one.
    [[nodiscard]] QString list() const;
    void setList(const QString& list);
    void reset() { setValue(m_default); }
    [[nodiscard]] double value() const;
    [[nodiscard]] bool isDefault() const;
    /// The value if it was moved away from the default, and back: nothing is the default.
    template <class T>
    [[nodiscard]] std::optional<T> chosen() const
    {
        return isDefault() ? std::nullopt : std::optional<T>(static_cast<T>(value()));
    }
    template <class T>
    void choose(const std::optional<T>& value)
    {
        value ? setValue(static_cast<double>(*value)) : reset();
    }

Q_SIGNALS:
    void changed();

private:
    void showValue();

    QLabel* m_label;
    QSlider* m_slider;
    NumberBox* m_box;
    NumberRange m_range;
    double m_default = 0;
};

} // namespace reverie::ui
