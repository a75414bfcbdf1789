// SPDX-License-Identifier: MIT
#ifdef REVERIE_WITH_QT

#include "app/dream/gallery_program.h"

#include "ui/session/gallery_errors.h"

#include <QDirIterator>
#include <QFileInfo>
#include <QGuiApplication>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <langinfo.h>

namespace dream_gallery {

using namespace reverie::ui;
using nlohmann::json;

QtProgram::QtProgram(Fonts fonts)
{
    qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setenv("LC_ALL", "C.UTF-8", 1);
    if (fonts == Fonts::Yes) {
        setenv("QT_QPA_PLATFORM", "offscreen", 1);
        m_program = std::make_unique<QGuiApplication>(m_argc, m_argv);
    } else {
        m_program = std::make_unique<QCoreApplication>(m_argc, m_argv);
    }
}

OpenGallery::OpenGallery(Output& output)
    : gallery(GalleryPlaces::standard())
{
    try {
        gallery.check();
    } catch (const DamagedDatabase&) {
        gallery.startAnew();
    }
    if (!gallery.warning().isEmpty())
        output.warning(gallery.warning().toStdString());
    const QStringList changes = gallery.findChanges();
    constexpr int slice = 500;
    for (int i = 0; i < changes.size(); i += slice) {
        output.progress("Reading pictures: " + std::to_string(i) + " of " + std::to_string(changes.size()));
        gallery.index(changes.mid(i, slice));
    }
    output.clearProgress();
}

GalleryQuery queryOf(const GalleryOptions& options)
{
    QStringList query;
    for (const std::string& word : options.words)
        query << QString::fromStdString(word);
    return GalleryQuery::parse(query.join(QLatin1Char(' ')));
}

namespace {

QList<GalleryEntry> picturesIn(const QString& folder)
{
    QStringList paths;
    QDirIterator files(folder,
                       { QStringLiteral("*.png"), QStringLiteral("*.jpg"), QStringLiteral("*.jpeg"),
                         QStringLiteral("*.webp") },
                       QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext())
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            paths << path;
    paths.sort();
    QList<GalleryEntry> entries;
    for (const QString& path : paths)
        if (const auto entry = readEntry(path); entry.width > 0)
            entries << entry;
    return entries;
}

} // namespace

QList<GalleryEntry> chosen(const GalleryOptions& options, Output& output)
{
    QList<GalleryEntry> entries;
    bool paths = false;
    for (const std::string& word : options.words) {
        const QFileInfo info(QFile::decodeName(word.c_str()));
        if (info.isDir())
            entries += picturesIn(info.absoluteFilePath());
        else if (info.isFile())
            entries << readEntry(info.absoluteFilePath());
        paths = paths || info.exists();
    }
    if (paths)
        return entries;
    const auto query = queryOf(options);
    OpenGallery open(output);
    return open.gallery.entries(open.gallery.find(query));
}

json toJson(const GalleryEntry& entry)
{
    const auto text = [](const QString& value) { return value.toStdString(); };
    json tags = json::array(), boards = json::array();
    for (const QString& tag : entry.tags)
        tags.push_back(text(tag));
    for (const QString& board : entry.boards)
        boards.push_back(text(board));
    return { { "type", "picture" },
             { "path", text(entry.path) },
             { "prompt", text(entry.prompt) },
             { "seed", entry.seed ? json(*entry.seed) : json() },
             { "width", entry.width },
             { "height", entry.height },
             { "model", text(entry.model) },
             { "tool", text(entry.tool) },
             { "kind", text(entry.kind) },
             { "rating", entry.rating },
             { "starred", entry.starred },
             { "tags", tags },
             { "boards", boards } };
}

} // namespace dream_gallery

#endif
