// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/export.h"

// What exportPictures() is made of.
namespace reverie::ui {

/// Called before each picture; true if the export is to end.
using ExportStep = std::function<bool(int done)>;

/// Where named files go: a folder or a ZIP.
class ExportSink
{
public:
    virtual ~ExportSink() = default;
    virtual void add(const QString& name, const QByteArray& bytes, qint64 time) = 0;
    virtual void finish() { } ///< nothing comes after it
};
std::unique_ptr<ExportSink> makeFolderSink(const QString& folder);
std::unique_ptr<ExportSink> makeZipSink(const QString& file);

/// The picture file as it is handed on: re-encoded or scaled only if asked for, its texts kept or left out.
QByteArray exportedPicture(const GalleryEntry& entry, const ExportOptions& options);
/// Decoded, scaled down to `side` if larger. Throws Error naming a file that can't be read.
QImage exportedImage(const GalleryEntry& entry, int side);
/// Everything the gallery knows about it.
QByteArray exportedRecord(const GalleryEntry& entry, const QString& file);

void writeFiles(const QList<GalleryEntry>& entries, const ExportOptions& options, ExportSink& sink,
                const ExportStep& step);
void writeHtml(const QList<GalleryEntry>& entries, const ExportOptions& options, ExportSink& sink,
               const ExportStep& step);
QByteArray makeSheet(const QList<GalleryEntry>& entries, const ExportOptions& options,
                     const ExportStep& step);
void writePdf(const QList<GalleryEntry>& entries, const QString& file, const ExportOptions& options,
              const ExportStep& step);
QByteArray makeAnimation(const QList<GalleryEntry>& entries, const ExportOptions& options,
                         const ExportStep& step);

} // namespace reverie::ui
