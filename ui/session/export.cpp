// SPDX-License-Identifier: MIT
#include "ui/session/export.h"

#include "ui/session/export_writers.h"
#include "ui/session/path.h"

#include "core/api/picture_file.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QUuid>

#include <array>
#include <fcntl.h>
#include <unistd.h>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Export", text);
}

constexpr std::array<std::pair<QLatin1String, ExportKind>, 7> kinds{ {
    { QLatin1String("folder"), ExportKind::Folder },
    { QLatin1String("zip"), ExportKind::Zip },
    { QLatin1String("html"), ExportKind::Html },
    { QLatin1String("pdf"), ExportKind::Pdf },
    { QLatin1String("sheet"), ExportKind::Sheet },
    { QLatin1String("animation"), ExportKind::Animation },
    { QLatin1String("gif"), ExportKind::Gif },
} };

/// What is being written, gone again unless it is put in place.
class Aside
{
public:
    explicit Aside(const QString& destination)
        : m_path(QFileInfo(destination).absolutePath() + QStringLiteral("/.reverie-")
                 + QUuid::createUuid().toString(QUuid::Id128) + QStringLiteral(".part"))
    {
    }
    ~Aside()
    {
        const QFileInfo info(m_path);
        if (info.isDir())
            QDir(m_path).removeRecursively();
        else
            QFile::remove(m_path);
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

    [[nodiscard]] const QString& path() const { return m_path; }

    QString putInPlace(const QString& destination)
    {
        const int descriptor = open(QFile::encodeName(m_path).constData(), O_RDONLY | O_CLOEXEC);
        if (descriptor >= 0) {
            fsync(descriptor);
            close(descriptor);
        }
        const QString place = toQString(unused_path(toPath(destination)));
        if (!QDir().rename(m_path, place))
            throw Error(tr("%1 can't be written; choose another place.").arg(place).toStdString());
        return place;
    }

private:
    QString m_path;
};

void write(const QList<GalleryEntry>& entries, const QString& path, const ExportOptions& options,
           const ExportStep& step)
{
    switch (options.kind) {
    case ExportKind::Folder:
    case ExportKind::Html: {
        const auto sink = makeFolderSink(path);
        options.kind == ExportKind::Html ? writeHtml(entries, options, *sink, step)
                                         : writeFiles(entries, options, *sink, step);
        break;
    }
    case ExportKind::Zip: {
        const auto sink = makeZipSink(path);
        writeFiles(entries, options, *sink, step);
        sink->finish();
        break;
    }
    case ExportKind::Pdf:
        writePdf(entries, path, options, step);
        break;
    case ExportKind::Sheet:
        write_file(toPath(path), makeSheet(entries, options, step).toStdString());
        break;
    case ExportKind::Animation:
    case ExportKind::Gif:
        write_file(toPath(path), makeAnimation(entries, options, step).toStdString());
        break;
    }
}

} // namespace

ExportKind exportKindFromName(const QString& name)
{
    for (const auto& [known, kind] : kinds)
        if (name == known)
            return kind;
    throw UsageError(tr("There is no export '%1'; choose folder, zip, html, pdf, sheet, animation or gif.")
                         .arg(name)
                         .toStdString());
}

QString exportExtension(ExportKind kind)
{
    switch (kind) {
    case ExportKind::Folder:
    case ExportKind::Html:
        return {};
    case ExportKind::Zip:
        return QStringLiteral(".zip");
    case ExportKind::Pdf:
        return QStringLiteral(".pdf");
    case ExportKind::Sheet:
        return QStringLiteral(".png");
    case ExportKind::Animation:
        return QStringLiteral(".webp");
    case ExportKind::Gif:
        return QStringLiteral(".gif");
    }
    return {};
}

QString exportPictures(const QList<GalleryEntry>& entries, const QString& destination,
                       const ExportOptions& options, const std::function<void(int done, int of)>& progress,
                       std::stop_token stop)
{
    if (entries.isEmpty())
        throw UsageError(tr("There is no picture to export; choose some.").toStdString());
    QString target = QDir::cleanPath(QFileInfo(destination).absoluteFilePath());
    const QString extension = exportExtension(options.kind);
    if (!extension.isEmpty() && QFileInfo(target).suffix().isEmpty())
        target += extension;
    QDir().mkpath(QFileInfo(target).absolutePath());

    const int of = static_cast<int>(entries.size());
    const ExportStep step = [&](int done) {
        if (progress)
            progress(done, of);
        return stop.stop_requested();
    };
    Aside aside(target);
    write(entries, aside.path(), options, step);
    if (step(of))
        return {};
    return aside.putInPlace(target);
}

} // namespace reverie::ui
