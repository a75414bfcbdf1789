// SPDX-License-Identifier: MIT
#include "ui/session/trash.h"

#include "core/base/error.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

namespace reverie::ui {

namespace {

Error problem(const char* text, const QString& path)
{
    return Error(QCoreApplication::translate("Gallery", text).arg(path).toStdString());
}

} // namespace

QString movedToTrash(const QString& path)
{
    // Qt makes the trash in it, but not the folder itself, which a new home lacks.
    QDir().mkpath(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation));
    QString trashed;
    if (!QFile::moveToTrash(path, &trashed))
        throw problem("%1 can't be moved to the trash; check that its folder can be written.", path);
    return trashed;
}

void bringBack(const QString& trashed, const QString& path)
{
    if (path.isEmpty())
        return;
    QDir().mkpath(QFileInfo(path).absolutePath());
    if (QFileInfo::exists(path))
        throw problem("%1 exists again, so it stays in the trash; move it away first.", path);
    if (!QFile::rename(trashed, path))
        throw problem("%1 can't be brought back; look for it in the trash.", path);
    // What the trash noted about it.
    const QFileInfo info(trashed);
    QFile::remove(info.dir().absoluteFilePath(QStringLiteral("../info/%1.trashinfo").arg(info.fileName())));
}

} // namespace reverie::ui
