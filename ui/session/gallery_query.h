// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/embedder.h"

#include <QDate>
#include <QString>
#include <QVariantMap>

#include <optional>

namespace reverie::ui {

enum class GallerySort { Newest, Oldest, BestRated, Prompt, Seed, Largest };

/// Which pictures to show. What is not set does not restrict.
struct GalleryQuery {
    QString text; ///< words that prompt, tags or model must all have, the beginning of a word is enough
    QDate from, to; ///< both included
    QString model, tag, board, kind, tool;
    std::optional<quint64> seed;
    int size = 0; ///< pixels of the longer side
    int rating = 0; ///< at least
    bool starred = false;
    GallerySort sort = GallerySort::Newest;

    Embedding point; ///< of CLIP's space: what lies nearest to it comes first; none: in the order of `sort`
    bool fold = false; ///< near-duplicates are shown once
    QString placedBy; ///< hash of the model whose points are meant

    /// Words and `model: tag: board: kind: tool: seed: size: rating: starred: date: sort:`, values with
    /// blanks in double quotes, `date:2026-11-25` or `date:2026-11-01..2026-11-25`. Throws UsageError naming
    /// the value that makes no sense. Words with other colons are words.
    static GalleryQuery parse(const QString& text);

    /// `text` for FTS5: every word quoted, as a beginning.
    [[nodiscard]] QString match() const;
    /// The condition and its values, over `pictures` as p.
    [[nodiscard]] QString where(QVariantMap& values) const;
    [[nodiscard]] QString order() const;
};

/// `text` as it is indexed and searched: letters of scripts without blanks between words stand alone.
QString searchable(const QString& text);

} // namespace reverie::ui
