// SPDX-License-Identifier: MIT
#pragma once

#include <QDoubleSpinBox>

namespace reverie::ui {

/// A spin box that also takes a list of numbers, see expand_numbers(), if it is told to. Its value is then
/// the first of them.
class NumberBox : public QDoubleSpinBox
{
    Q_OBJECT
public:
    explicit NumberBox(QWidget* parent = nullptr);

    void setTakesLists(bool takes) { m_takesLists = takes; }
    /// As typed; empty while it holds one number.
    [[nodiscard]] QString list() const;
    void setList(const QString& list);

    QValidator::State validate(QString& text, int& position) const override;
    double valueFromText(const QString& text) const override;
    QString textFromValue(double value) const override;
    void stepBy(int steps) override; ///< a list becomes its first number

Q_SIGNALS:
    void listChanged();

private:
    [[nodiscard]] std::vector<double> numbersOf(const QString& text) const; ///< empty if they can't be used

    [[nodiscard]] bool isList(const QString& text) const;
    [[nodiscard]] bool isFirst(double value) const; ///< of the list

    bool m_takesLists = false;
    QString m_list; ///< or what may become one
};

} // namespace reverie::ui
