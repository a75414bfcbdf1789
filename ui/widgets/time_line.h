// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>
#include <QImage>
#include <QTimer>

#include <vector>

class QLabel;
class QSlider;
class QToolButton;

namespace reverie::ui {

/// How a picture came out of the noise, step by step through all its stages: a slider and a button that
/// plays.
class TimeLine : public QFrame
{
    Q_OBJECT
public:
    struct Frame {
        QImage image;
        int stage = 1;
        int step = 1, steps = 1;
    };

    explicit TimeLine(QWidget* parent = nullptr);

    /// Stands at the last frame, which is the picture.
    void setFrames(std::vector<Frame> frames);
    [[nodiscard]] const std::vector<Frame>& frames() const { return m_frames; }
    /// Null where there is nothing to show.
    [[nodiscard]] QImage current() const;
    [[nodiscard]] bool atEnd() const;

Q_SIGNALS:
    void moved();

private:
    void play();
    void advance();
    void showPosition();

    std::vector<Frame> m_frames;
    QToolButton* m_play;
    QSlider* m_slider;
    QLabel* m_label;
    QTimer m_clock;
};

} // namespace reverie::ui
