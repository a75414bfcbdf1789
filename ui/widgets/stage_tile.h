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

private:
    class Canvas;
    int m_size;
    Canvas* m_canvas;
    QLabel* m_name;
    QProgressBar* m_progress;
};

/// The prior: how well each of its candidates fits the prompt, and which one was taken.
class CandidateTile : public QWidget
{
    Q_OBJECT
public:
    explicit CandidateTile(QWidget* parent = nullptr);
    void show(const std::vector<Candidate>& candidates, const StageState& state);

private:
    class Chart;
    Chart* m_chart;
    QLabel* m_name;
    QProgressBar* m_progress;
};

} // namespace reverie::ui
