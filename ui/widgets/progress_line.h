// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

#include <optional>

class QLabel;
class QProgressBar;
class QPushButton;

namespace reverie::ui {

/// "about 20 s left", rounded as coarsely as such estimates are good.
QString timeLeftText(double seconds);

/// How far the running drawing is and how long it takes yet.
class ProgressLine : public QFrame
{
    Q_OBJECT
public:
    explicit ProgressLine(QWidget* parent = nullptr);
    void show(const QString& what, double progress, std::optional<double> secondsLeft);
    /// Whether to offer the way back to the drawing.
    void setAway(bool away);

Q_SIGNALS:
    void backWanted();

private:
    QLabel* m_what;
    QLabel* m_left;
    QPushButton* m_back;
    QProgressBar* m_bar;
};

} // namespace reverie::ui
