// SPDX-License-Identifier: MIT
#include "ui/session/export_writers.h"
#include "ui/session/path.h"

#include "core/api/picture_file.h"
#include "core/api/picture_texts.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSet>

#include <archive.h>
#include <archive_entry.h>

// Pictures as files: into a folder or a ZIP, with what lies beside them.
namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Export", text);
}

class FolderSink : public ExportSink
{
public:
    explicit FolderSink(QString folder)
        : m_folder(std::move(folder))
    {
        if (!QDir().mkpath(m_folder))
            throw Error(tr("Nothing can be written beside %1; choose another place.")
                            .arg(QFileInfo(m_folder).absolutePath())
                            .toStdString());
    }

    void add(const QString& name, const QByteArray& bytes, qint64) override
    {
        const QString path = m_folder + QLatin1Char('/') + name;
        QDir().mkpath(QFileInfo(path).absolutePath());
        write_file(toPath(path), bytes.toStdString());
    }

private:
    QString m_folder;
};

class ZipSink : public ExportSink
{
public:
    explicit ZipSink(const QString& file)
        : m_archive(archive_write_new())
        , m_file(file)
    {
        check(archive_write_set_format_zip(m_archive));
        check(archive_write_set_options(m_archive, "zip:compression=store,hdrcharset=UTF-8"));
        check(archive_write_open_filename(m_archive, QFile::encodeName(file).constData()));
    }
    ~ZipSink() override { archive_write_free(m_archive); }
    ZipSink(const ZipSink&) = delete;
    ZipSink& operator=(const ZipSink&) = delete;

    void add(const QString& name, const QByteArray& bytes, qint64 time) override
    {
        archive_entry* entry = archive_entry_new();
        archive_entry_set_pathname_utf8(entry, name.toUtf8().constData());
        archive_entry_set_pathname(entry, name.toUtf8().constData()); // Qt runs in a UTF-8 locale
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, bytes.size());
        archive_entry_set_mtime(entry, time / 1000, 0);
        const int headed = archive_write_header(m_archive, entry);
        archive_entry_free(entry);
        check(headed);
        if (archive_write_data(m_archive, bytes.constData(), static_cast<std::size_t>(bytes.size()))
            != bytes.size())
            check(ARCHIVE_FATAL);
    }

    void finish() override { check(archive_write_close(m_archive)); }

private:
    void check(int result) const
    {
        if (result < ARCHIVE_WARN)
            throw Error(
                tr("The ZIP %1 can't be written (%2); free some space or choose another place.")
                    .arg(QFileInfo(m_file).absolutePath(), QString::fromUtf8(archive_error_string(m_archive)))
                    .toStdString());
    }

    archive* m_archive;
    QString m_file;
};

QByteArray readAll(const QString& path)
{
    return QByteArray::fromStdString(read_file(toPath(path)));
}

std::string_view view(const QByteArray& bytes)
{
    return { bytes.constData(), static_cast<std::size_t>(bytes.size()) };
}

bool isOfFormat(const QByteArray& bytes, ImageFormat format)
{
    const auto found = picture_format(view(bytes));
    return (found == PictureFormat::Png && format == ImageFormat::Png)
        || (found == PictureFormat::Jpeg && format == ImageFormat::Jpeg)
        || (found == PictureFormat::Webp && format == ImageFormat::Webp);
}

[[noreturn]] void unreadable(const GalleryEntry& entry)
{
    throw Error(
        tr("%1 can't be read as a picture; leave it out or copy it again.").arg(entry.path).toStdString());
}

QImage decoded(const GalleryEntry& entry, const QByteArray& bytes, int side)
{
    const QImage image = decodePicture(bytes);
    if (image.isNull())
        unreadable(entry);
    if (side <= 0 || (image.width() <= side && image.height() <= side))
        return image;
    return image.scaled(side, side, Qt::KeepAspectRatio, Qt::SmoothTransformation);
}

/// A name no earlier picture has, on file systems that ignore case too.
QString unique(const QString& name, QSet<QString>& taken)
{
    const qsizetype dot = name.lastIndexOf(QLatin1Char('.'));
    QString candidate = name;
    for (int n = 2; taken.contains(candidate.toCaseFolded()); ++n)
        candidate = name.left(dot) + QStringLiteral("-%1").arg(n) + name.mid(dot);
    taken.insert(candidate.toCaseFolded());
    return candidate;
}

QJsonObject datasetLine(const GalleryEntry& entry, const QString& file)
{
    return { { QStringLiteral("file_name"), file }, { QStringLiteral("text"), entry.prompt } };
}

} // namespace

std::unique_ptr<ExportSink> makeFolderSink(const QString& folder)
{
    return std::make_unique<FolderSink>(folder);
}

std::unique_ptr<ExportSink> makeZipSink(const QString& file)
{
    return std::make_unique<ZipSink>(file);
}

QString exportName(const GalleryEntry& entry, int number, const ExportOptions& options)
{
    const auto fit = [](const QString& text) { return QString::fromStdString(slug(text.toStdString())); };
    // The file's own name may have its prompt in it.
    QString name = options.stripMetadata ? QStringLiteral("[number]") : options.pattern;
    name.replace(QLatin1String("[number]"), QStringLiteral("%1").arg(number, 5, 10, QLatin1Char('0')));
    name.replace(QLatin1String("[seed]"), entry.seed ? QString::number(*entry.seed) : QString());
    name.replace(QLatin1String("[prompt]"), entry.prompt.isEmpty() ? QString() : fit(entry.prompt));
    name.replace(QLatin1String("[date]"),
                 QDateTime::fromMSecsSinceEpoch(entry.time).date().toString(Qt::ISODate));
    name.replace(QLatin1String("[model]"), entry.model.isEmpty() ? QString() : fit(entry.model));
    name.replace(QLatin1String("[name]"), QFileInfo(entry.path).completeBaseName());
    static const QRegularExpression unfit(QStringLiteral("[/\\\\:*?\"<>|\\x00-\\x1f]"));
    static const QRegularExpression gaps(QStringLiteral("-{2,}|^[-. ]+|[-. ]+$"));
    name.replace(unfit, QStringLiteral("-")).replace(gaps, QStringLiteral("-"));
    while (name.startsWith(QLatin1Char('-')))
        name.remove(0, 1);
    while (name.endsWith(QLatin1Char('-')) || name.toUtf8().size() > 200)
        name.chop(1);
    return (name.isEmpty() ? QStringLiteral("picture") : name) + fileExtension(options.image);
}

QByteArray exportedPicture(const GalleryEntry& entry, const ExportOptions& options)
{
    const QByteArray source = readAll(entry.path);
    const QSize size = pictureSize(source);
    if (size.isEmpty())
        unreadable(entry);
    const bool fits
        = options.longestSide <= 0 || std::max(size.width(), size.height()) <= options.longestSide;
    const bool asIs = fits && isOfFormat(source, options.image);
    if (asIs && !options.stripMetadata)
        return source;
    if (asIs)
        return QByteArray::fromStdString(without_texts(view(source)));
    const QByteArray bytes
        = encodePicture(decoded(entry, source, options.longestSide), options.image, options.quality);
    return QByteArray::fromStdString(
        with_texts(view(bytes), options.stripMetadata ? PictureTexts() : picture_texts(view(source))));
}

QImage exportedImage(const GalleryEntry& entry, int side)
{
    return decoded(entry, readAll(entry.path), side);
}

PictureTexts exportedTexts(const GalleryEntry& entry, const ExportOptions& options)
{
    return picture_texts(view(exportedPicture(entry, options)));
}

QByteArray exportedRecord(const GalleryEntry& entry, const QString& file)
{
    QJsonObject record = datasetLine(entry, file);
    record.insert(QStringLiteral("negative_prompt"), entry.negativePrompt);
    if (entry.seed)
        record.insert(QStringLiteral("seed"), static_cast<qint64>(*entry.seed));
    for (const auto& [key, text] : { std::pair{ "model", entry.model },
                                     { "model_hash", entry.modelHash },
                                     { "sampler", entry.sampler },
                                     { "tool", entry.tool },
                                     { "kind", entry.kind } })
        record.insert(QLatin1String(key), text);
    record.insert(QStringLiteral("steps"), entry.steps);
    record.insert(QStringLiteral("width"), entry.width);
    record.insert(QStringLiteral("height"), entry.height);
    record.insert(QStringLiteral("rating"), entry.rating);
    record.insert(QStringLiteral("starred"), entry.starred);
    record.insert(QStringLiteral("tags"), QJsonArray::fromStringList(entry.tags));
    record.insert(QStringLiteral("date"), QDateTime::fromMSecsSinceEpoch(entry.time).toString(Qt::ISODate));
    return QJsonDocument(record).toJson(QJsonDocument::Compact);
}

void writeFiles(const QList<GalleryEntry>& entries, const ExportOptions& options, ExportSink& sink,
                const ExportStep& step)
{
    QSet<QString> taken{ QStringLiteral("metadata.jsonl") };
    QByteArray metadata;
    for (int i = 0; i < entries.size() && !step(i); ++i) {
        const GalleryEntry& entry = entries[i];
        const QString name = unique(exportName(entry, i + 1, options), taken);
        const QString base = name.left(name.lastIndexOf(QLatin1Char('.')));
        sink.add(name, exportedPicture(entry, options), entry.time);
        if (options.stripMetadata)
            continue;
        if (options.textFiles)
            sink.add(base + QStringLiteral(".txt"), entry.prompt.toUtf8() + '\n', entry.time);
        if (options.jsonFiles)
            sink.add(base + QStringLiteral(".json"), exportedRecord(entry, name) + '\n', entry.time);
        metadata += QJsonDocument(datasetLine(entry, name)).toJson(QJsonDocument::Compact) + '\n';
    }
    if (options.metadataFile && !options.stripMetadata)
        sink.add(QStringLiteral("metadata.jsonl"), metadata, QDateTime::currentMSecsSinceEpoch());
}

} // namespace reverie::ui
