// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/picture_codec.h"

#include <QObject>

class QWidget;

namespace reverie::ui {

/// Asks for a file and writes pictures into it one after the other, as WebP or GIF.
class AnimationExport : public QObject
{
    Q_OBJECT
public:
    explicit AnimationExport(QObject* parent = nullptr);
    ~AnimationExport() override; ///< waits for what is being written

    /// Frames of other sizes than the last are scaled to it, pixel by pixel.
    void ask(QWidget* window, std::vector<AnimationFrame> frames);

Q_SIGNALS:
    void written(const QString& path);
    void failed(const QString& message);

private:
    void write(const QString& path, const std::vector<AnimationFrame>& frames);

    QThreadPool m_thread;
    JobRunner m_job{ m_thread };
};

} // namespace reverie::ui
