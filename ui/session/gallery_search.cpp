// SPDX-License-Identifier: MIT
#include "ui/session/gallery.h"

#include <QFileInfo>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

// Finding by meaning and by descent.
namespace reverie::ui {

namespace {

constexpr std::size_t most_alike = 500; ///< pictures that a search by meaning shows
constexpr float nearly_the_same = 0.97F; ///< cosine

using Stamped = QList<GalleryDatabase::Stamped>;

/// The nearest to `point`, nearest first.
GalleryFound nearest(const Stamped& pictures, const EmbeddingIndex& points, const Embedding& point)
{
    std::vector<std::pair<float, qint64>> scores;
    if (int(point.size()) == points.width())
        for (const auto& [id, stamp] : pictures)
            if (const auto place = points.pointOf(stamp); !place.empty())
                if (const float nearness = cosine(place, point); std::abs(nearness) <= most_alike_cosine)
                    scores.emplace_back(nearness, id);
    const auto end = scores.begin() + std::ptrdiff_t(std::min(most_alike, scores.size()));
    std::partial_sort(scores.begin(), end, scores.end(), std::greater<>());
    GalleryFound found;
    for (auto it = scores.begin(); it != end; ++it) {
        found.nearness.push_back(it->first);
        found.ids << it->second;
    }
    return found;
}

GalleryFound folded(GalleryFound all, const QHash<qint64, quint64>& stamps, const EmbeddingIndex& points)
{
    std::vector<std::span<const float>> places;
    places.reserve(std::size_t(all.ids.size()));
    for (const qint64 id : all.ids)
        places.push_back(points.pointOf(stamps.value(id)));
    const std::vector<int> first = foldNearDuplicates(places, nearly_the_same);
    GalleryFound found;
    for (int i = 0; i < int(first.size()); ++i) {
        if (first[i] != i) {
            ++found.folded[all.ids[first[i]]];
            continue;
        }
        found.ids << all.ids[i];
        if (!all.nearness.empty())
            found.nearness.push_back(all.nearness[i]);
    }
    return found;
}

} // namespace

GalleryFound Gallery::search(const GalleryQuery& query)
{
    if (query.placedBy.isEmpty() || (query.point.empty() && !query.fold))
        return { find(query), {}, {} };
    const EmbeddingIndex& points = pointsOf(query.placedBy);
    const Stamped pictures = m_database->findStamped(query);
    GalleryFound found;
    if (!query.point.empty())
        found = nearest(pictures, points, query.point);
    else
        for (const auto& picture : pictures)
            found.ids << picture.id;
    if (!query.fold)
        return found;
    QHash<qint64, quint64> stamps;
    stamps.reserve(pictures.size());
    for (const auto& picture : pictures)
        stamps.insert(picture.id, picture.stamp);
    return folded(std::move(found), stamps, points);
}

EmbeddingIndex& Gallery::pointsOf(const QString& model)
{
    if (m_placedBy != model || !m_points) {
        m_points = std::make_unique<EmbeddingIndex>(QFileInfo(m_places.database).absolutePath()
                                                    + QStringLiteral("/embeddings/") + model.left(16)
                                                    + QStringLiteral(".points"));
        m_placedBy = model;
    }
    m_points->refresh();
    return *m_points;
}

QList<qint64> Gallery::unplaced(const QString& model)
{
    const EmbeddingIndex& points = pointsOf(model);
    QList<qint64> ids;
    for (const auto& [id, stamp] : m_database->findStamped({}))
        if (!points.knows(stamp))
            ids << id;
    return ids;
}

void Gallery::place(const QString& model, const std::vector<EmbeddingIndex::Placed>& points)
{
    pointsOf(model).add(points);
}

Embedding Gallery::pointOf(const QString& model, const GalleryEntry& entry)
{
    const auto point = pointsOf(model).pointOf(stampOf(entry));
    return { point.begin(), point.end() };
}

Lineage Gallery::lineage(const GalleryEntry& entry)
{
    Lineage lineage;
    for (const QString& parent : entry.parents)
        lineage.parents += entries(m_database->named(parent).mid(0, 1));
    lineage.children = entries(m_database->madeFrom(QFileInfo(entry.path).fileName()));
    return lineage;
}

} // namespace reverie::ui
