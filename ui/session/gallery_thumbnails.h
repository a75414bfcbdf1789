// SPDX-License-Identifier: MIT
#pragma once

#include <QCache>
#include <QImage>
#include <QObject>
#include <QThread>
#include <QThreadPool>

#include <mutex>
#include <vector>

namespace reverie::ui {

/// Small pictures for the grid, made in the background, the ones asked for last first. Those of large
/// pictures are kept in $XDG_CACHE_HOME/reverie/thumbnails.
class GalleryThumbnails : public QObject
{
    Q_OBJECT
public:
    static constexpr int side = 256; ///< of the longer side, at most

    explicit GalleryThumbnails(QObject* parent = nullptr);
    ~GalleryThumbnails() override;

    /// Null if it is not there yet; ready() says when. `time` is the file's, so that a changed file gets a
    /// new one.
    [[nodiscard]] QImage find(const QString& path, qint64 time);

Q_SIGNALS:
    void ready(const QString& path);

private:
    struct Wanted {
        QString path;
        qint64 time = 0;
    };
    void want(const Wanted& wanted);
    void makeNext();
    void keep(const Wanted& wanted, const QImage& image);

    QCache<QString, QImage> m_images; ///< cost in KiB; an empty image is one that can't be read
    QThreadPool m_threads;
    std::mutex m_mutex;
    std::vector<Wanted> m_wanted; ///< newest last
};

/// Reads or makes one; null if the file is no picture. Any thread.
QImage makeThumbnail(const QString& path, qint64 time);

} // namespace reverie::ui
