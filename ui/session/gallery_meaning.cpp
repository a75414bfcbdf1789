// SPDX-License-Identifier: MIT
#include "ui/session/gallery_meaning.h"

#include "ui/session/picture_codec.h"

#include <QElapsedTimer>

namespace reverie::ui {

namespace {

constexpr int look_delay_ms = 500;
constexpr int largest_batch = 32;
constexpr qint64 short_batch_ms = 80, long_batch_ms = 250;

} // namespace

std::vector<EmbeddingIndex::Placed> placePictures(Embedder& embedder, const QList<GalleryEntry>& entries)
{
    std::vector<EmbeddingIndex::Placed> placed;
    std::vector<Image> images;
    std::vector<std::size_t> readable;
    for (const GalleryEntry& entry : entries) {
        Image image = toImage(readPicture(entry.path));
        if (!image.empty()) {
            readable.push_back(placed.size());
            images.push_back(std::move(image));
        }
        placed.emplace_back(stampOf(entry), Embedding());
    }
    if (images.empty())
        return placed;
    auto points = embedder.pictures(images);
    for (std::size_t i = 0; i < readable.size(); ++i)
        placed[readable[i]].second = std::move(points[i]);
    return placed;
}

GalleryMeaning::GalleryMeaning(Session& session, GalleryStore& store, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_store(store)
{
    m_lookSoon.setSingleShot(true);
    m_lookSoon.setInterval(look_delay_ms);
    connect(&m_lookSoon, &QTimer::timeout, this, &GalleryMeaning::look);
    connect(&session, &Session::modelOpened, this, &GalleryMeaning::forget);
    connect(&session, &Session::idle, this, &GalleryMeaning::placeNext);
    connect(&store, &GalleryStore::changed, &m_lookSoon, qOverload<>(&QTimer::start));
    if (session.model())
        forget();
}

/// Another model sees other things.
void GalleryMeaning::forget()
{
    m_model.clear();
    m_waiting.clear();
    m_lookSoon.start();
    Q_EMIT progressed();
}

void GalleryMeaning::look()
{
    if (m_looking || !m_session.model())
        return;
    if (!m_session.isIdle()) {
        m_lookSoon.start();
        return;
    }
    m_looking = true;
    const auto hash = std::make_shared<QString>();
    m_session.askEmbedder(
        this, [hash](Embedder&, const std::string& modelHash) { *hash = QString::fromStdString(modelHash); },
        [this, hash, path = m_session.model()->path](const QString& error) {
            m_looking = false;
            if (!error.isEmpty() || !m_session.model() || m_session.model()->path != path)
                return; // a model that does not draw says so itself
            m_model = *hash;
            m_store.ask(
                this, [model = m_model](Gallery& gallery) { return gallery.unplaced(model); },
                [this, model = m_model](const QList<qint64>& ids) {
                    if (model != m_model)
                        return;
                    m_waiting = ids;
                    Q_EMIT progressed();
                    placeNext();
                });
        });
}

void GalleryMeaning::placeNext()
{
    if (m_busy || m_waiting.isEmpty() || !m_session.isIdle())
        return;
    m_busy = true;
    m_store.ask(
        this, [ids = m_waiting.mid(0, m_batch)](Gallery& gallery) { return gallery.entries(ids); },
        [this, asked = std::min<qsizetype>(m_batch, m_waiting.size())](const QList<GalleryEntry>& entries) {
            m_waiting.remove(0, std::min(asked, m_waiting.size()));
            place(entries);
        });
}

void GalleryMeaning::place(const QList<GalleryEntry>& entries)
{
    struct Work {
        std::vector<EmbeddingIndex::Placed> points;
        QString model;
        qint64 milliseconds = 0;
    };
    const auto work = std::make_shared<Work>();
    m_session.askEmbedder(
        this,
        [entries, work](Embedder& embedder, const std::string& modelHash) {
            QElapsedTimer timer;
            timer.start();
            work->model = QString::fromStdString(modelHash);
            work->points = placePictures(embedder, entries);
            work->milliseconds = timer.elapsed();
        },
        [this, work](const QString& error) {
            m_busy = false;
            if (!error.isEmpty())
                m_waiting.clear();
            else if (work->model == m_model)
                take(work->points, work->milliseconds);
            placeNext();
        });
}

void GalleryMeaning::take(const std::vector<EmbeddingIndex::Placed>& points, qint64 milliseconds)
{
    if (milliseconds < short_batch_ms)
        m_batch = std::min(2 * m_batch, largest_batch);
    else if (milliseconds > long_batch_ms)
        m_batch = std::max(m_batch / 2, 1);
    m_store.place(m_model, points);
    Q_EMIT progressed();
}

void GalleryMeaning::locate(const QString& text)
{
    embed([text = text.toStdString()](Embedder& embedder) { return embedder.texts({ text }).front(); });
}

void GalleryMeaning::locate(const GalleryEntry& picture)
{
    embed([picture](Embedder& embedder) { return placePictures(embedder, { picture }).front().second; });
}

void GalleryMeaning::embed(const std::function<Embedding(Embedder&)>& work)
{
    struct Located {
        Embedding point;
        QString model;
    };
    const auto located = std::make_shared<Located>();
    const int question = ++m_question;
    m_session.askEmbedder(
        this,
        [work, located](Embedder& embedder, const std::string& modelHash) {
            located->point = work(embedder);
            located->model = QString::fromStdString(modelHash);
        },
        [this, located, question](const QString& error) {
            if (question != m_question)
                return;
            if (!error.isEmpty() || located->point.empty()) {
                Q_EMIT failed(error.isEmpty() ? tr("The picture can't be read; it is gone or damaged.")
                                              : error);
                return;
            }
            m_model = located->model;
            Q_EMIT this->located(located->point);
        });
}

} // namespace reverie::ui
