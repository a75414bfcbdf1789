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

class AnimationExport;

/// How a picture came out of the noise, step by step through all its stages: a slider, a button that
/// plays and one that makes an animation of it.
class TimeLine : public QFrame
{
    Q_OBJECT
public:
    struct Frame {
        QImage image;
        int stage = 1; ///< 0: it is one of several pictures, not a step of one
        int step = 1, steps = 1;
    };

    explicit TimeLine(QWidget* parent = nullptr);

    /// Stands at the last frame, which is the picture.
    void setFrames(std::vector<Frame> frames);
    [[nodiscard]] const std::vector<Frame>& frames() const { return m_frames; }
    /// Null where there is nothing to show.
    [[nodiscard]] QImage current() const;
    [[nodiscard]] bool atEnd() const;
    [[nodiscard]] int stage() const; ///< of the current frame; 0 without one
    /// Goes to the end of that stage, if it has frames.
    void showStage(int stage);

Q_SIGNALS:
    void moved();
    void exported(const QString& path);
    void exportFailed(const QString& message);

private:
    void play();
    void advance();
    void showPosition();
    void exportFrames();

    std::vector<Frame> m_frames;
    QToolButton* m_play;
    QToolButton* m_export;
    AnimationExport* m_animation;
    QSlider* m_slider;
    QLabel* m_label;
    QTimer m_clock;
};

} // namespace reverie::ui
