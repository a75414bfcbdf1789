// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_entry.h"
#include "ui/session/picture_codec.h"

#include "core/base/picture_texts.h"

#include <functional>
#include <stop_token>

namespace reverie::ui {

enum class ExportKind { Folder, Zip, Html, Pdf, Sheet, Animation, Gif };

/// "folder", "zip", "html", "pdf", "sheet", "animation", which is a WebP, "gif". Throws UsageError naming
/// them.
ExportKind exportKindFromName(const QString& name);

/// How pictures leave the gallery.
struct ExportOptions {
    ExportKind kind = ExportKind::Folder;
    ImageFormat image = ImageFormat::Png; ///< of the files in a folder, ZIP or HTML gallery
    int quality = 90; ///< 1 to 100, of JPEG and WebP
    int longestSide = 0; ///< larger pictures are scaled down to it; 0: none are
    QString pattern = QStringLiteral("[number]-[seed]-[prompt]"); ///< see exportName()
    bool textFiles = false; ///< NAME.txt with the prompt, as trainers read it
    bool jsonFiles = false; ///< NAME.json with everything
    bool metadataFile = false; ///< metadata.jsonl, as data set loaders read it
    /// No prompt, seed, model or program in files, names, captions or sidecars; sidecars are then left out.
    bool stripMetadata = false;
    int columns = 5; ///< of a sheet or PDF
    int frameMilliseconds = 500; ///< of an animation or GIF
    QString title;
};

/// The extension a destination of this kind has; empty for folders.
QString exportExtension(ExportKind kind);

/// `options.pattern` with [number], [seed], [prompt], [date], [model] and [name] (the file's own) filled in,
/// fit for a file name, with an extension. `number` counts from 1.
QString exportName(const GalleryEntry& entry, int number, const ExportOptions& options);

/// What the exported file of this picture says, by keyword. Throws Error if it can't be read.
PictureTexts exportedTexts(const GalleryEntry& entry, const ExportOptions& options);

/// Writes the pictures to `destination`, or to a name beside it where that exists, and returns the path.
/// Everything is written aside and put in place at the end: on failure (Error) and after being stopped (an
/// empty path) nothing is left. Text needs a QGuiApplication (PDF, sheet). `progress` gets what is done of
/// how many.
QString exportPictures(const QList<GalleryEntry>& entries, const QString& destination,
                       const ExportOptions& options,
                       const std::function<void(int done, int of)>& progress = {}, std::stop_token stop = {});

} // namespace reverie::ui
