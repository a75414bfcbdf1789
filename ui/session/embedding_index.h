// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/embedder.h"

#include <QFile>
#include <QHash>

#include <span>

namespace reverie::ui {

struct GalleryEntry;

/// A picture file as it is now: a changed file is another one, a moved one is the same.
quint64 stampOf(const GalleryEntry& entry);

/// Where the CLIP of one model puts pictures: records of one width in a file that is mapped to be searched
/// and only added to, by several programs at a time if need be. It can be made again from the pictures, so a
/// damaged one is begun anew. Functions throw Error.
class EmbeddingIndex
{
public:
    using Placed = std::pair<quint64, Embedding>; ///< a stamp and its point; none for an unreadable picture

    explicit EmbeddingIndex(const QString& file);
    ~EmbeddingIndex();
    EmbeddingIndex(const EmbeddingIndex&) = delete;
    EmbeddingIndex& operator=(const EmbeddingIndex&) = delete;

    /// Takes over what was added since, by whichever program.
    void refresh();
    void add(const std::vector<Placed>& points);

    [[nodiscard]] int width() const { return m_width; } ///< of every point; 0 while there is none
    [[nodiscard]] bool knows(quint64 stamp) const { return m_rows.contains(stamp); }
    /// Of unit length; empty if the picture is not known or can't be read.
    [[nodiscard]] std::span<const float> pointOf(quint64 stamp) const;

private:
    [[nodiscard]] qint64 recordSize() const { return 8 + 4 * qint64(m_width); }
    void readHeader();
    void unmap();

    QFile m_file;
    int m_width = 0;
    uchar* m_map = nullptr;
    qint64 m_mapped = 0; ///< bytes
    QHash<quint64, qint64> m_rows; ///< stamp to its point's place in the map; 0: there is none
};

constexpr float most_alike_cosine = 1.01F; ///< what is above comes from a damaged file

/// The cosine of two points of unit length and one width.
float cosine(std::span<const float> a, std::span<const float> b);

/// For each point the place of the first one before it that it is nearly the same as, or its own. Points
/// without numbers are like no other. Among many points pairs are looked for by locality-sensitive hashing,
/// so that a hundred thousand take about a second, and one pair in a hundred may be missed.
std::vector<int> foldNearDuplicates(const std::vector<std::span<const float>>& points, float threshold);

} // namespace reverie::ui
