// SPDX-License-Identifier: MIT
#include "ui/widgets/number_box.h"

#include "core/api/number_list.h"
#include "core/base/error.h"

#include <QLineEdit>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

/// A comma may be a decimal point where one lives.
QString withPoints(QString text)
{
    static const QRegularExpression decimalComma(QStringLiteral("(?<=\\d),(?=\\d)"));
    return QLocale().decimalPoint() == QLatin1String(",") ? text.replace(decimalComma, QStringLiteral("."))
                                                          : text;
}

} // namespace

NumberBox::NumberBox(QWidget* parent)
    : QDoubleSpinBox(parent)
{
    connect(lineEdit(), &QLineEdit::textEdited, this, [this](const QString& text) {
        if (isList(text) ? text == m_list : m_list.isEmpty())
            return;
        m_list = isList(text) ? text : QString();
        Q_EMIT listChanged();
    });
    connect(this, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        if (!m_list.isEmpty() && !isFirst(value))
            setList({}); // the slider or the program chose another number
    });
    connect(this, &QAbstractSpinBox::editingFinished, this, [this] {
        if (!m_list.isEmpty() && list().isEmpty())
            setList({}); // it never became one
    });
}

QString NumberBox::list() const
{
    return numbersOf(m_list).empty() ? QString() : m_list;
}

bool NumberBox::isList(const QString& text) const
{
    return m_takesLists && is_number_list(withPoints(text).toStdString());
}

bool NumberBox::isFirst(double value) const
{
    const auto numbers = numbersOf(m_list);
    return !numbers.empty() && std::abs(numbers.front() - value) < 0.5 * std::pow(10, -decimals());
}

void NumberBox::setList(const QString& list)
{
    if (list == m_list)
        return;
    const auto numbers = m_takesLists ? numbersOf(list) : std::vector<double>();
    m_list = numbers.empty() ? QString() : list;
    if (!numbers.empty())
        setValue(numbers.front());
    lineEdit()->setText(textFromValue(value()));
    Q_EMIT listChanged();
}

std::vector<double> NumberBox::numbersOf(const QString& text) const
{
    if (text.isEmpty())
        return {};
    try {
        auto numbers = expand_numbers(withPoints(text).toStdString());
        const bool usable = std::all_of(numbers.begin(), numbers.end(), [this](double number) {
            return number >= minimum() && number <= maximum()
                && (decimals() > 0 || number == std::round(number));
        });
        return usable ? numbers : std::vector<double>();
    } catch (const Error&) {
        return {};
    }
}

QValidator::State NumberBox::validate(QString& text, int& position) const
{
    if (!isList(text))
        return QDoubleSpinBox::validate(text, position);
    static const QRegularExpression characters(QStringLiteral("[0-9.,; +-]*"));
    if (!characters.match(text).hasMatch() || characters.match(text).capturedLength() != text.size())
        return QValidator::Invalid;
    return numbersOf(text).empty() ? QValidator::Intermediate : QValidator::Acceptable;
}

double NumberBox::valueFromText(const QString& text) const
{
    if (!isList(text))
        return QDoubleSpinBox::valueFromText(text);
    const auto numbers = numbersOf(text);
    return numbers.empty() ? value() : numbers.front();
}

QString NumberBox::textFromValue(double value) const
{
    return isFirst(value) ? m_list : QDoubleSpinBox::textFromValue(value);
}

void NumberBox::stepBy(int steps)
{
    setList({});
    QDoubleSpinBox::stepBy(steps);
}

} // namespace reverie::ui
