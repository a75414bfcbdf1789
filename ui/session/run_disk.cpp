// SPDX-License-Identifier: MIT
#include "ui/session/run_disk.h"

#include "ui/session/path.h"

#include "core/base/error.h"
#include "core/run/run_status.h"

#include <QCoreApplication>
#include <QDir>
#include <QDirIterator>

#include <map>
#include <set>
#include <sys/stat.h>

namespace reverie::ui {

qint64 bytesBelow(const QString& folder, const std::stop_token& stop)
{
    constexpr qint64 block = 512; // what st_blocks counts in
    qint64 bytes = 0;
    QDirIterator files(folder, QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot,
                       QDirIterator::Subdirectories);
    while (files.hasNext() && !stop.stop_requested()) {
        struct stat status = {};
        if (lstat(QFile::encodeName(files.next()).constData(), &status) == 0)
            bytes += status.st_blocks * block;
    }
    return bytes;
}

Thinning plannedThinning(const QString& run)
{
    const auto all = list_checkpoints(toPath(run));
    std::map<std::string, std::int64_t> kept; // the step that stays of each part
    for (const auto& checkpoint : all)
        kept[checkpoint.part] = checkpoint.step;
    for (auto& [part, step] : kept)
        if (const auto best = best_checkpoint(toPath(run), part))
            step = best->step;
    Thinning thinning;
    for (const auto& checkpoint : all) {
        if (checkpoint.folder == all.back().folder || kept[checkpoint.part] == checkpoint.step)
            continue;
        thinning.folders << toQString(checkpoint.folder);
        thinning.bytes += bytesBelow(toQString(checkpoint.folder));
    }
    return thinning;
}

void thinOut(const Thinning& thinning)
{
    for (const QString& folder : thinning.folders)
        if (!QDir(folder).removeRecursively())
            throw Error(QCoreApplication::translate(
                            "RunDisk", "%1 can't be deleted; check that its folder can be written.")
                            .arg(folder)
                            .toStdString());
}

} // namespace reverie::ui
