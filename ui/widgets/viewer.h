// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_entry.h"
#include "ui/session/job_runner.h"
#include "ui/session/picture_stages.h"
#include "ui/widgets/viewer_canvas.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace reverie::ui {

class TimeLine;

/// A picture at full size, with the stages and steps it came from where they were kept, alone or beside
/// another one.
class Viewer : public QFrame
{
    Q_OBJECT
public:
    explicit Viewer(QWidget* parent = nullptr);
    ~Viewer() override;

    void show(const GalleryEntry& entry);
    void compareWith(const GalleryEntry& other);
    void endComparing();
    void nextCompareMode(); ///< slider, side by side
    void swapCompared();
    [[nodiscard]] bool isComparing() const { return m_other.id != 0; }
    [[nodiscard]] const GalleryEntry& entry() const { return m_entry; }
    [[nodiscard]] ViewerCanvas& canvas() const { return *m_canvas; }
    [[nodiscard]] TimeLine& timeLine() const { return *m_timeLine; }
    void addToolAction(QAction* action);

Q_SIGNALS:
    void closeWanted();
    void stepWanted(int by);
    void failed(const QString& message);

private:
    struct Loaded {
        QImage image, other;
        PictureStages kept;
    };
    QToolButton* addButton(const QString& icon, const QString& text, const std::function<void()>& run);
    void load();
    void take(const Loaded& loaded);
    void showStages(const std::vector<QImage>& stages);
    void showSteps(const std::vector<std::vector<QImage>>& steps);
    void showStep();
    void showTitle();

    QHBoxLayout* m_tools;
    QLabel* m_title;
    QLabel* m_zoom;
    ViewerCanvas* m_canvas;
    TimeLine* m_timeLine;
    QFrame* m_strip;
    QHBoxLayout* m_stages;
    GalleryEntry m_entry, m_other;
    QImage m_image; ///< of m_entry
    ViewerCanvas::Compare m_mode = ViewerCanvas::Compare::Slider;
    QThreadPool m_readers;
    JobRunner m_loading{ m_readers };
};

} // namespace reverie::ui
