// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_store.h"
#include "ui/session/session.h"

#include <QTimer>

namespace reverie::ui {

/// The gallery seen through the CLIP of the open model. Places the pictures that it has not seen, a few at a
/// time while nothing is drawn, and finds the points of texts and pictures. Lives on the application's
/// thread.
class GalleryMeaning : public QObject
{
    Q_OBJECT
public:
    GalleryMeaning(Session& session, GalleryStore& store, QObject* parent = nullptr);

    /// Hash of the model that places; empty until it is known.
    [[nodiscard]] const QString& model() const { return m_model; }
    [[nodiscard]] int unplaced() const { return static_cast<int>(m_waiting.size()); }

    /// Both end with located() or failed(); only the newest is answered.
    void locate(const QString& text);
    void locate(const GalleryEntry& picture);

Q_SIGNALS:
    void progressed(); ///< model() or unplaced() has changed
    void located(const reverie::Embedding& point);
    void failed(const QString& message);

private:
    void forget();
    void look();
    void placeNext();
    void place(const QList<GalleryEntry>& entries);
    void take(const std::vector<EmbeddingIndex::Placed>& points, qint64 milliseconds);
    void embed(const std::function<Embedding(Embedder&)>& work);

    Session& m_session;
    GalleryStore& m_store;
    QString m_model;
    QList<qint64> m_waiting; ///< ids, the next one first
    int m_batch = 1; ///< pictures at a time, so that a drawing never waits long
    bool m_busy = false, m_looking = false;
    int m_question = 0; ///< answers to older ones are dropped
    QTimer m_lookSoon;
};

/// Reads and embeds pictures; one that can't be read gets no point. On the compute thread.
std::vector<EmbeddingIndex::Placed> placePictures(Embedder& embedder, const QList<GalleryEntry>& entries);

} // namespace reverie::ui
