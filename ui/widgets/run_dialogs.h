// SPDX-License-Identifier: MIT
#pragma once

#include <QDialog>

#include <optional>

class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace reverie::ui {

/// Which prompts a run is to draw samples of now.
class SampleDialog : public QDialog
{
    Q_OBJECT
public:
    explicit SampleDialog(QWidget* parent = nullptr);
    /// One a line; none: the run's own.
    [[nodiscard]] QStringList prompts() const;

private:
    QPlainTextEdit* m_prompts;
};

/// Another learning rate for the part that a run is training.
class LearningRateDialog : public QDialog
{
    Q_OBJECT
public:
    LearningRateDialog(const QString& part, std::optional<double> now, QWidget* parent = nullptr);
    [[nodiscard]] double rate() const;

private:
    void enableAccepting();

    QLineEdit* m_rate;
    QPushButton* m_set;
};

} // namespace reverie::ui
