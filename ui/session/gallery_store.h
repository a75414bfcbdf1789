// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QPointer>
#include <QThreadPool>

#include <atomic>

namespace reverie::ui {

/// The gallery for the window: every call returns at once, the work is done in order on a thread of its own,
/// and answers come back to the application's thread.
class GalleryStore : public QObject
{
    Q_OBJECT
public:
    explicit GalleryStore(GalleryPlaces places = GalleryPlaces::standard(), QObject* parent = nullptr);
    ~GalleryStore() override; ///< finishes what was asked for, except looking for changes

    [[nodiscard]] const GalleryPlaces& places() const { return m_places; }

    /// `work(Gallery&)` on the gallery's thread, then `done(result)` here unless `context` is gone.
    template <class Work, class Done>
    void ask(QObject* context, Work work, Done done)
    {
        start([this, context = QPointer<QObject>(context), work = std::move(work),
               done = std::move(done)](Gallery& gallery) {
            auto result = std::make_shared<decltype(work(gallery))>(work(gallery));
            post([context, done, result] {
                if (context)
                    done(*result);
            });
        });
    }

    /// Looks for pictures that came, changed or went, a slice at a time, so that questions in between are
    /// answered soon; ends with indexed().
    void lookForChanges();
    void rebuild(); ///< the same from nothing

    void add(const QStringList& paths); ///< pictures and folders
    void rate(const QList<qint64>& ids, int rating);
    void star(const QList<qint64>& ids, bool starred);
    void tag(const QList<qint64>& ids, const QString& tag, bool set);
    void board(const QList<qint64>& ids, const QString& board, bool set);
    void addBoard(const QString& board);
    void removeBoard(const QString& board);
    void trash(const QList<qint64>& ids); ///< ends with trashed()
    void restore(const QList<TrashedPicture>& pictures);
    /// Keeps what a model said about pictures, see Gallery::place().
    void place(const QString& model, const std::vector<EmbeddingIndex::Placed>& points);

Q_SIGNALS:
    void changed(); ///< what find() or entries() would answer
    void indexing(int done, int of);
    void indexed(); ///< looking for changes is over
    void trashed(const QList<reverie::ui::TrashedPicture>& pictures);
    void warned(const QString& message);
    void failed(const QString& message);

private:
    using Job = std::function<void(Gallery&)>;
    void start(Job job);
    void change(Job job); ///< followed by changed()
    void run(const Job& job);
    Gallery& gallery();
    void warnOfNewIndex(); ///< from m_thread
    void indexSlice(const QStringList& paths, int done);
    void post(std::function<void()> call);
    void watchJournal();

    GalleryPlaces m_places;
    QThreadPool m_thread;
    std::unique_ptr<Gallery> m_gallery; ///< touched on m_thread only
    std::atomic<bool> m_closing = false;
    QFileSystemWatcher m_watcher;
};

} // namespace reverie::ui
