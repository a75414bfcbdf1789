// SPDX-License-Identifier: MIT
#include "ui/session/gallery_store.h"

#include "ui/session/gallery_errors.h"
#include "ui/session/job_runner.h"

#include <QDir>
#include <QFileInfo>

namespace reverie::ui {

namespace {

constexpr int slice = 200;

} // namespace

GalleryStore::GalleryStore(GalleryPlaces places, QObject* parent)
    : QObject(parent)
    , m_places(std::move(places))
{
    m_thread.setMaxThreadCount(1);
    m_thread.setExpiryTimeout(-1); // the database belongs to the thread that opened it
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &GalleryStore::watchJournal);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, &GalleryStore::watchJournal);
}

GalleryStore::~GalleryStore()
{
    m_closing = true;
    m_thread.start([this] { m_gallery.reset(); });
    m_thread.waitForDone();
}

void GalleryStore::post(std::function<void()> call)
{
    QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection);
}

void GalleryStore::start(Job job)
{
    m_thread.start([this, job = std::move(job)] { run(job); });
}

void GalleryStore::run(const Job& job)
{
    try {
        try {
            job(gallery());
        } catch (const DamagedDatabase&) {
            m_gallery->startAnew();
            warnOfNewIndex();
            job(gallery());
        }
    } catch (const std::exception& error) {
        post([this, text = describe(error)] { Q_EMIT failed(text); });
    }
}

Gallery& GalleryStore::gallery()
{
    if (m_gallery)
        return *m_gallery;
    m_gallery = std::make_unique<Gallery>(m_places);
    if (!m_gallery->warning().isEmpty())
        warnOfNewIndex();
    return *m_gallery;
}

void GalleryStore::warnOfNewIndex()
{
    post([this, warning = m_gallery->warning()] {
        Q_EMIT warned(warning);
        lookForChanges();
    });
}

void GalleryStore::change(Job job)
{
    start([this, job = std::move(job)](Gallery& gallery) {
        post([this] { Q_EMIT changed(); }); // also where it failed half-way
        job(gallery);
        post([this] { Q_EMIT changed(); });
    });
}

void GalleryStore::watchJournal()
{
    const QString journal = m_places.library + QStringLiteral("/library.jsonl");
    if (QFileInfo::exists(journal))
        m_watcher.addPath(journal);
    else if (QFileInfo::exists(m_places.library))
        m_watcher.addPath(m_places.library);
    start([this](Gallery& gallery) {
        if (gallery.readJournal())
            post([this] { Q_EMIT changed(); });
    });
}

void GalleryStore::lookForChanges()
{
    watchJournal();
    start([this](Gallery& gallery) {
        gallery.check();
        const QStringList paths = gallery.findChanges();
        post([this, paths] {
            Q_EMIT changed();
            indexSlice(paths, 0);
        });
    });
}

void GalleryStore::rebuild()
{
    start([this](Gallery& gallery) {
        gallery.rebuild([this](int done, int of) { post([this, done, of] { Q_EMIT indexing(done, of); }); });
        post([this] {
            Q_EMIT changed();
            Q_EMIT indexed();
        });
    });
}

void GalleryStore::indexSlice(const QStringList& paths, int done)
{
    if (done >= paths.size()) {
        Q_EMIT changed();
        Q_EMIT indexed();
        return;
    }
    Q_EMIT indexing(done, static_cast<int>(paths.size()));
    start([this, paths, done](Gallery& gallery) {
        if (m_closing)
            return;
        gallery.index(paths.mid(done, slice));
        post([this, paths, done] { indexSlice(paths, done + slice); });
    });
}

void GalleryStore::add(const QStringList& paths)
{
    change([paths](Gallery& gallery) {
        for (const QString& path : paths)
            gallery.add(path);
    });
    for (const QString& path : paths)
        if (QFileInfo(path).isDir()) {
            lookForChanges();
            return;
        }
}

void GalleryStore::rate(const QList<qint64>& ids, int rating)
{
    change([ids, rating](Gallery& gallery) { gallery.setRating(ids, rating); });
}

void GalleryStore::star(const QList<qint64>& ids, bool starred)
{
    change([ids, starred](Gallery& gallery) { gallery.setStarred(ids, starred); });
}

void GalleryStore::tag(const QList<qint64>& ids, const QString& tag, bool set)
{
    change([ids, tag, set](Gallery& gallery) { gallery.setTag(ids, tag, set); });
}

void GalleryStore::board(const QList<qint64>& ids, const QString& board, bool set)
{
    change([ids, board, set](Gallery& gallery) { gallery.setBoard(ids, board, set); });
}

void GalleryStore::addBoard(const QString& board)
{
    change([board](Gallery& gallery) { gallery.addBoard(board); });
}

void GalleryStore::removeBoard(const QString& board)
{
    change([board](Gallery& gallery) { gallery.removeBoard(board); });
}

void GalleryStore::trash(const QList<qint64>& ids)
{
    change([this, ids](Gallery& gallery) {
        QList<TrashedPicture> moved;
        const auto tell = [&] {
            if (!moved.isEmpty())
                post([this, moved] { Q_EMIT trashed(moved); });
        };
        try {
            gallery.trash(ids, moved);
        } catch (const std::exception&) {
            tell();
            throw;
        }
        tell();
    });
}

void GalleryStore::restore(const QList<TrashedPicture>& pictures)
{
    change([pictures](Gallery& gallery) { gallery.restore(pictures); });
}

void GalleryStore::place(const QString& model, const std::vector<EmbeddingIndex::Placed>& points)
{
    start([model, points](Gallery& gallery) { gallery.place(model, points); });
}

} // namespace reverie::ui
