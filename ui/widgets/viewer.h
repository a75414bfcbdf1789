// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_entry.h"
#include "ui/session/job_runner.h"
#include "ui/widgets/viewer_canvas.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace reverie::ui {

/// A picture at full size, with the stages it came from where they were kept, alone or beside another one.
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
    void addToolAction(QAction* action);

Q_SIGNALS:
    void closeWanted();
    void stepWanted(int by);
    void failed(const QString& message);

private:
    struct Loaded {
        QImage image, other;
        std::vector<std::pair<QString, QImage>> stages; ///< name and picture, smallest first
    };
    QToolButton* addButton(const QString& icon, const QString& text, const std::function<void()>& run);
    void load();
    void take(const Loaded& loaded);
    void showStages(const std::vector<std::pair<QString, QImage>>& stages);
    void showTitle();

    QHBoxLayout* m_tools;
    QLabel* m_title;
    QLabel* m_zoom;
    ViewerCanvas* m_canvas;
    QFrame* m_strip;
    QHBoxLayout* m_stages;
    GalleryEntry m_entry, m_other;
    ViewerCanvas::Compare m_mode = ViewerCanvas::Compare::Slider;
    QThreadPool m_readers;
    JobRunner m_loading{ m_readers };
};

} // namespace reverie::ui
