// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/draw_queue.h"
#include "ui/session/picture_grid.h"

namespace reverie::ui {

/// Grids of pictures that were asked for. Their pictures are drawn by the queue; when the last is in its
/// file, the grid is written beside the first. What is asked for is on the disk, next to the queue, so that a
/// grid is finished even where the program ended in between.
class GridKeeper : public QObject
{
    Q_OBJECT
public:
    GridKeeper(Session& session, DrawQueue& queue, QObject* parent = nullptr);
    ~GridKeeper() override; ///< waits for what is being written

    /// `axes`: the columns', and perhaps the rows'. Throws UsageError like combinations() and where a cell
    /// would hold more than a picture.
    void add(const GenerateRequest& base, const std::vector<Axis>& axes, const QString& device,
             DrawQueue::Where where);
    /// The parts it is drawn in; the cells go by rows. Throws UsageError likewise.
    static std::vector<SetPart> partsOf(const GenerateRequest& base, const std::vector<Axis>& axes);

Q_SIGNALS:
    void finished(const QString& path, const QImage& picture, const reverie::PictureMaking& making);
    void failed(const QString& message);

private:
    struct Grid {
        GenerateRequest base;
        std::vector<Axis> axes;
        std::map<int, QString> paths; ///< by cell, as far as they were written in this sitting
    };
    void begin();
    void load();
    void check();
    void finish(const QString& id, const Grid& grid);
    [[nodiscard]] QString fileOf(const QString& id) const; ///< empty: nothing is kept

    Session& m_session;
    DrawQueue& m_queue;
    QString m_folder;
    std::map<QString, Grid> m_grids;
    bool m_loaded = false;
    QThreadPool m_disk;
};

} // namespace reverie::ui
