// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <QImage>

#include <filesystem>

namespace reverie::ui {

/// How a picture came about, as it is kept beside it in `<picture>.reverie/`: `stage-N.png`, and the x0
/// estimates of that stage in `steps-N.webp`, at most 256 pixels a side and 100 of them. It may be deleted.
struct PictureStages {
    std::vector<QImage> stages; ///< smallest first
    std::vector<std::vector<QImage>> steps; ///< by stage
};

/// Writes what there is of `drawn` beside the file `picture`: its stages if they are several, and its steps
/// if they were kept. Throws Error.
void writeStages(const std::filesystem::path& picture, const Picture& drawn, const PictureMaking& making);

/// What can be read of it.
PictureStages readStages(const QString& picture);

/// The picture of that file as it was when it was drawn. Throws Error if it can't be read.
Picture readDrawn(const QString& picture, const PictureMaking& making);

} // namespace reverie::ui
