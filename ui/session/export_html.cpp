// SPDX-License-Identifier: MIT
#include "ui/session/export_writers.h"

#include "core/base/error.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace reverie::ui {

namespace {

/// JSON that stays inside its script element whatever the prompts say.
QByteArray forScript(const QJsonValue& value)
{
    QByteArray json = QJsonDocument(QJsonArray{ value }).toJson(QJsonDocument::Compact);
    json = json.mid(1, json.size() - 2);
    return json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace("\xe2\x80\xa8", "\\u2028")
        .replace("\xe2\x80\xa9", "\\u2029");
}

} // namespace

void writeHtml(const QList<GalleryEntry>& entries, const ExportOptions& options, ExportSink& sink,
               const ExportStep& step)
{
    QFile file(QStringLiteral(":/export/gallery.html"));
    if (!file.open(QFile::ReadOnly))
        throw Error("The gallery's page is missing from this program; install Reverie again.");
    const QByteArray page = file.readAll();
    QJsonArray pictures;
    for (int i = 0; i < entries.size(); ++i) {
        if (step(i))
            return;
        // Numbered, because a browser's address of a file is no place for prompts.
        const QString name = QStringLiteral("pictures/%1").arg(i + 1, 5, 10, QLatin1Char('0'))
            + fileExtension(options.image);
        sink.add(name, exportedPicture(entries[i], options), entries[i].time);
        QJsonObject picture{ { QStringLiteral("file_name"), name },
                             { QStringLiteral("width"), entries[i].width },
                             { QStringLiteral("height"), entries[i].height } };
        if (!options.stripMetadata)
            picture = QJsonDocument::fromJson(exportedRecord(entries[i], name)).object();
        pictures << picture;
    }
    const QString title = options.title.isEmpty() ? QStringLiteral("Reverie") : options.title;
    QByteArray html = page;
    html.replace("@TITLE@", title.toHtmlEscaped().toUtf8());
    html.replace("@PICTURES@", forScript(pictures));
    sink.add(QStringLiteral("index.html"), html, QDateTime::currentMSecsSinceEpoch());
}

} // namespace reverie::ui
