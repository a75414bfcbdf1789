// SPDX-License-Identifier: MIT
#include "ui/session/gallery.h"
#include "ui/session/picture_codec.h"

#include "core/api/picture_metadata.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>

// What a picture file says to the gallery.
namespace reverie::ui {

namespace {

constexpr qint64 head_size = 512 << 10;

/// Programs write their texts before the pixels, except into WebP.
QByteArray readHead(QFile& file)
{
    QByteArray head = file.read(head_size);
    if (head.startsWith("RIFF"))
        head += file.readAll();
    return head;
}

} // namespace

GalleryEntry readEntry(const QString& path)
{
    GalleryEntry entry;
    entry.path = path;
    const QFileInfo info(path);
    QFile file(path);
    if (!file.open(QFile::ReadOnly))
        return entry;
    const QByteArray head = readHead(file);
    const QSize size = pictureSize(head);
    if (size.isEmpty())
        return entry;
    entry.width = size.width();
    entry.height = size.height();
    entry.bytes = info.size();
    entry.time = info.lastModified().toMSecsSinceEpoch();
    const auto metadata = read_metadata({ head.constData(), static_cast<std::size_t>(head.size()) });
    entry.prompt = QString::fromStdString(metadata.prompt);
    entry.negativePrompt = QString::fromStdString(metadata.negative_prompt);
    entry.seed = metadata.seed;
    entry.model = QString::fromStdString(metadata.model);
    entry.modelHash = QString::fromStdString(metadata.model_hash);
    entry.sampler = QString::fromStdString(metadata.sampler);
    entry.tool = QString::fromStdString(metadata.tool);
    entry.steps = metadata.steps;
    entry.kind = metadata.making ? QString::fromStdString(metadata.making->kind) : QStringLiteral("imported");
    if (metadata.making)
        for (const PictureParent& parent : metadata.making->parents)
            entry.parents << QString::fromStdString(parent.file);
    return entry;
}

} // namespace reverie::ui
