// SPDX-License-Identifier: MIT
#include "ui/widgets/number_field.h"

#include "ui/widgets/number_box.h"
#include "ui/widgets/settings_history.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>

#include <cmath>

namespace reverie::ui {

namespace {

constexpr int box_width = 76;

} // namespace

NumberField::NumberField(const QString& name, const QString& help, QWidget* parent)
    : QWidget(parent)
    , m_label(new QLabel(name))
    , m_slider(new QSlider(Qt::Horizontal))
    , m_box(new NumberBox)
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    layout->addWidget(m_label);
    layout->addWidget(m_slider, 1);
    layout->addWidget(m_box);
    m_label->setFixedWidth(84);
    m_label->setBuddy(m_box);
    m_box->setMinimumWidth(box_width);
    m_box->setMaximumWidth(box_width);
    m_box->setAccessibleName(name);
    m_box->setAccessibleDescription(help);
    leaveUndoToThePage(*m_box);
    m_slider->setFocusPolicy(Qt::NoFocus);
    setFocusProxy(m_box);
    m_slider->setAccessibleName(name);
    setToolTip(help);
    connect(m_box, &QDoubleSpinBox::valueChanged, this, [this] {
        showValue();
        Q_EMIT changed();
    });
    connect(m_box, &NumberBox::listChanged, this, [this] {
        showValue();
        Q_EMIT changed();
    });
    connect(m_slider, &QSlider::valueChanged, this,
            [this](int position) { m_box->setValue(position * m_range.step); });
}

void NumberField::setRange(const NumberRange& range, double defaultValue)
{
    const bool wasDefault = isDefault();
    m_range = range;
    m_default = defaultValue;
    const QSignalBlocker quiet(m_box);
    const QSignalBlocker quietSlider(m_slider);
    m_box->setDecimals(range.decimals);
    m_box->setSingleStep(range.step);
    m_box->setRange(range.minimum, range.maximum);
    m_slider->setRange(std::lround(range.minimum / range.step),
                       std::lround(range.sliderMaximum / range.step));
    if (wasDefault)
        m_box->setValue(defaultValue);
    showValue();
}

void NumberField::setTakesLists(bool takes)
{
    m_box->setTakesLists(takes);
    m_box->setToolTip(takes ? tr("%1. A list such as 1, 2, .., 5 draws with each number").arg(toolTip())
                            : toolTip());
}

void NumberField::setValue(double value)
{
    if (std::isnan(value))
        return;
    m_box->setList({});
    m_box->setValue(value);
}

QString NumberField::list() const
{
    return m_box->list();
}

void NumberField::setList(const QString& list)
{
    m_box->setList(list);
}

double NumberField::value() const
{
    return m_box->value();
}

bool NumberField::isDefault() const
{
    return list().isEmpty() && std::abs(m_box->value() - m_default) < 0.5 * std::pow(10, -m_box->decimals());
}

void NumberField::showValue()
{
    const QSignalBlocker quiet(m_slider);
    m_slider->setValue(static_cast<int>(std::lround(m_box->value() / m_range.step)));
    const bool list = !m_box->list().isEmpty(); // which needs the room
    m_slider->setVisible(!list);
    m_box->setMaximumWidth(list ? QWIDGETSIZE_MAX : box_width);
}

} // namespace reverie::ui
