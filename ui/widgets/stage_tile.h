// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/drawing.h"

#include <QWidget>

class QLabel;
class QProgressBar;

namespace reverie::ui {

/// One decoder stage: its picture as it forms, its size and how far it is.
class StageTile : public QWidget
{
    Q_OBJECT
public:
    static constexpr int pictureSide = 96;

    explicit StageTile(int size, QWidget* parent = nullptr);
    void show(const StageState& state);

Q_SIGNALS:
    void clicked(); ///< or Space or Enter, where there is a picture

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    class Canvas;
    void choose();
    int m_size;
    Canvas* m_canvas;
    QLabel* m_name;
    QProgressBar* m_progress;
};

/// The prior: how well each of its candidates fits the prompt, and which one was taken. Where a mix says what
/// to draw instead, how much of what is in it.
class CandidateTile : public QWidget
{
    Q_OBJECT
public:
    explicit CandidateTile(QWidget* parent = nullptr);
    void show(const std::vector<Candidate>& candidates, const std::vector<BlendPart>& mix,
              const StageState& state);

private:
    class Chart;
    Chart* m_chart;
    QLabel* m_name;
    QProgressBar* m_progress;
};

} // namespace reverie::ui
