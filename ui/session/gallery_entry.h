// SPDX-License-Identifier: MIT
#pragma once

#include <QList>
#include <QMetaType>
#include <QString>
#include <QStringList>

#include <optional>

namespace reverie::ui {

/// A picture as the gallery knows it: what its file says, and what the person said about it.
struct GalleryEntry {
    qint64 id = 0;
    QString path;
    QString prompt, negativePrompt;
    std::optional<quint64> seed;
    QString model, modelHash, sampler;
    QString tool; ///< the program that drew it; empty if the file does not say
    QString kind; ///< "drawing", "variation", ...; "imported" for other programs' pictures
    int steps = 0;
    int width = 0, height = 0;
    qint64 bytes = 0;
    qint64 time = 0; ///< when the file was written, in ms since 1970
    int rating = 0; ///< 1 to 9; 0: none
    bool starred = false;
    QStringList tags, boards;
    QStringList parents; ///< names of the picture files it was made from
};

} // namespace reverie::ui

Q_DECLARE_METATYPE(reverie::ui::GalleryEntry)
