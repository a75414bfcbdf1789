// SPDX-License-Identifier: MIT
#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;

namespace reverie::ui {

/// How new picture files are called, with an example while one types.
class NamePatternDialog : public QDialog
{
    Q_OBJECT
public:
    explicit NamePatternDialog(const QString& pattern, QWidget* parent = nullptr);

Q_SIGNALS:
    void chosen(const QString& pattern);

private:
    void showExample();

    QLineEdit* m_pattern;
    QLabel* m_example;
    QPushButton* m_use;
};

} // namespace reverie::ui
