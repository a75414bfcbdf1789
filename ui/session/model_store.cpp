// SPDX-License-Identifier: MIT
#include "ui/session/model_store.h"

#include "ui/session/path.h"

#include "core/api/drawing_preview.h"
#include "core/base/data_folders.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha256.h"

#include <QDir>
#include <QFileInfo>
#include <QSet>
#include <QSettings>

#include <fstream>

namespace reverie::ui {

namespace {

constexpr int scan_delay_ms = 300;
constexpr std::size_t piece_bytes = 4 << 20; ///< of a file, read at a time
const QString elsewhereKey = QStringLiteral("models/elsewhere");

QStringList modelFolders()
{
    QStringList folders;
    for (const auto& folder : data_folders())
        folders << toQString(folder / "models");
    return folders;
}

QString canonical(const QString& path)
{
    const QString real = QFileInfo(path).canonicalFilePath();
    return real.isEmpty() ? QFileInfo(path).absoluteFilePath() : real;
}

QList<ModelFile> findAll(const QStringList& elsewhere, const std::stop_token& stop)
{
    QList<ModelFile> found;
    QSet<QString> seen;
    const auto add = [&](const QString& path) {
        const QString real = canonical(path);
        if (stop.stop_requested() || seen.contains(real))
            return;
        seen.insert(real);
        found << readModelFile(path);
    };
    for (const QString& folder : modelFolders())
        for (const QFileInfo& file : QDir(folder).entryInfoList({ QStringLiteral("*.safetensors") },
                                                                QDir::Files | QDir::System, QDir::Name))
            add(file.filePath());
    for (const QString& path : elsewhere)
        add(path);
    return found;
}

/// Hands the file over piece by piece, and the share that was read, until `take` says false.
void readPieces(const QString& path, const std::function<bool(std::string_view, double)>& take)
{
    std::ifstream in(toPath(path), std::ios::binary);
    if (!in)
        throw Error(path.toStdString() + " can't be opened; choose a file you may read.");
    const double bytes = std::max(1., static_cast<double>(QFileInfo(path).size()));
    std::string piece(piece_bytes, '\0');
    double done = 0;
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const auto got = static_cast<std::size_t>(in.gcount());
        done += static_cast<double>(got);
        if (!take(std::string_view(piece).substr(0, got), std::min(1., done / bytes)))
            return;
    }
    if (in.bad())
        throw Error(path.toStdString() + " can't be read to its end; check the disk.");
}

struct Stopped {
};

/// "name.safetensors" in `folder`, or "name-2.safetensors", ...
QString freeName(const QString& folder, const QString& name)
{
    const QFileInfo info(name);
    QString path = folder + QLatin1Char('/') + info.fileName();
    for (int i = 2; QFileInfo::exists(path); ++i)
        path = QStringLiteral("%1/%2-%3.%4")
                   .arg(folder, info.completeBaseName(), QString::number(i), info.suffix());
    return path;
}

} // namespace

ModelStore::ModelStore(QObject* parent)
    : QObject(parent)
{
    for (QThreadPool* pool : { &m_readers, &m_hashers, &m_copiers })
        pool->setMaxThreadCount(1);
    m_scanSoon.setSingleShot(true);
    m_scanSoon.setInterval(scan_delay_ms);
    connect(&m_scanSoon, &QTimer::timeout, this, &ModelStore::scan);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, &m_scanSoon, qOverload<>(&QTimer::start));
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, &m_scanSoon, qOverload<>(&QTimer::start));
}

ModelStore::~ModelStore()
{
    for (JobRunner* job : { &m_scanning, &m_inspecting, &m_weighing, &m_hashing, &m_copying })
        job->silence();
    for (QThreadPool* pool : { &m_readers, &m_hashers, &m_copiers })
        pool->waitForDone();
}

QString ModelStore::folder()
{
    return modelFolders().value(0);
}

bool ModelStore::isOwn(const QString& path)
{
    return canonical(QFileInfo(path).path()) == canonical(folder());
}

QStringList ModelStore::elsewhere() const
{
    return QSettings().value(elsewhereKey).toStringList();
}

bool ModelStore::isFromElsewhere(const QString& path) const
{
    return elsewhere().contains(path);
}

void ModelStore::note(const QString& path)
{
    const QStringList folders = modelFolders();
    const QString lies = canonical(QFileInfo(path).path());
    if (path.isEmpty() || isFromElsewhere(path)
        || std::any_of(folders.begin(), folders.end(),
                       [&lies](const QString& folder) { return canonical(folder) == lies; }))
        return;
    QSettings().setValue(elsewhereKey, elsewhere() << QFileInfo(path).absoluteFilePath());
    scan();
}

void ModelStore::forget(const QString& path)
{
    QStringList left = elsewhere();
    left.removeAll(path);
    QSettings().setValue(elsewhereKey, left);
    scan();
}

void ModelStore::scan()
{
    m_scanning.start([elsewhere = elsewhere()](const std::stop_token& stop,
                                               const JobRunner::Post&) { return findAll(elsewhere, stop); },
                     [this](QList<ModelFile> found) {
                         m_models = std::move(found);
                         m_scanned = true;
                         watch();
                         Q_EMIT changed();
                     },
                     [this](const QString& message) { Q_EMIT failed(message); });
}

void ModelStore::watch()
{
    QStringList paths;
    for (const QString& folder : modelFolders())
        if (QFileInfo(folder).isDir())
            paths << folder;
    for (const QString& path : elsewhere())
        if (QFileInfo::exists(path))
            paths << path;
    for (const QString& path : paths)
        if (!m_watcher.directories().contains(path) && !m_watcher.files().contains(path))
            m_watcher.addPath(path);
}

void ModelStore::inspect(const QStringList& paths)
{
    m_inspecting.start(
        [paths](const std::stop_token& stop, const JobRunner::Post&) {
            QList<ModelFile> files;
            for (const QString& path : paths)
                if (!stop.stop_requested())
                    files << readModelFile(path);
            return files;
        },
        [this](const QList<ModelFile>& files) { Q_EMIT inspected(files); },
        [this](const QString& message) { Q_EMIT failed(message); });
}

void ModelStore::weigh(const QString& path)
{
    m_weighing.start(
        [path](const std::stop_token&, const JobRunner::Post&) {
            GenerateRequest request;
            request.prompts = { "a" };
            return preview_drawing(toPath(path), request).memory_bytes;
        },
        [this, path](std::uint64_t bytes) { Q_EMIT weighed(path, bytes); }, [](const QString&) {});
}

void ModelStore::hash(const QString& path)
{
    m_hashing.start(
        [this, path](const std::stop_token& stop, const JobRunner::Post& post) {
            Sha256 hash;
            int percent = -1;
            readPieces(path, [&](std::string_view piece, double done) {
                hash.update(piece);
                if (const int now = static_cast<int>(done * 100); now != percent) {
                    percent = now;
                    post([this, path, done] { Q_EMIT hashing(path, done); });
                }
                return !stop.stop_requested();
            });
            return QString::fromStdString(hash.hex());
        },
        [this, path](const QString& sha256) { Q_EMIT hashed(path, sha256); },
        [this, path](const QString&) { Q_EMIT hashed(path, {}); });
}

void ModelStore::add(const QString& path)
{
    const QString to = freeName(folder(), path);
    m_copying.start(
        [this, path, to](const std::stop_token& stop, const JobRunner::Post& post) {
            QDir().mkpath(QFileInfo(to).path());
            try {
                write_file(toPath(to), [&](const Sink& sink) {
                    int percent = -1;
                    readPieces(path, [&](std::string_view piece, double done) {
                        if (stop.stop_requested())
                            throw Stopped();
                        sink(piece);
                        if (const int now = static_cast<int>(done * 100); now != percent) {
                            percent = now;
                            post([this, path, done] { Q_EMIT adding(path, done); });
                        }
                        return true;
                    });
                });
            } catch (const Stopped&) {
                return QString();
            }
            return to;
        },
        [this](const QString& added) {
            if (added.isEmpty()) {
                Q_EMIT addingCancelled();
                return;
            }
            scan();
            Q_EMIT this->added(added);
        },
        [this](const QString& message) { Q_EMIT failed(message); });
}

void ModelStore::remove(const QString& path)
{
    QString trashed;
    if (!QFile::moveToTrash(path, &trashed)) {
        Q_EMIT failed(tr("%1 can't be moved to the trash; check that its folder can be written.").arg(path));
        return;
    }
    m_removed = path;
    m_trashed = trashed;
    Q_EMIT removed(path);
    scan();
}

void ModelStore::undoRemoval()
{
    if (m_removed.isEmpty())
        return;
    if (QFileInfo::exists(m_removed)) {
        Q_EMIT failed(tr("%1 exists again, so it stays in the trash; move it away first.").arg(m_removed));
        return;
    }
    if (!QFile::rename(m_trashed, m_removed)) {
        Q_EMIT failed(tr("%1 can't be brought back; look for it in the trash.").arg(m_removed));
        return;
    }
    const QFileInfo info(m_trashed);
    QFile::remove(info.dir().absoluteFilePath(QStringLiteral("../info/%1.trashinfo").arg(info.fileName())));
    Q_EMIT restored(std::exchange(m_removed, {}));
    scan();
}

void ModelStore::rename(const QString& path, const QString& name)
{
    const QString wanted = name.trimmed();
    if (wanted.isEmpty() || wanted.contains(QLatin1Char('/')) || wanted.startsWith(QLatin1Char('.'))) {
        Q_EMIT failed(tr("“%1” can't be the name of a file; choose one without / that begins with no dot.")
                          .arg(wanted));
        return;
    }
    const QFileInfo info(path);
    const QString to = info.path() + QLatin1Char('/') + wanted + QLatin1Char('.') + info.suffix();
    if (to == path)
        return;
    if (QFileInfo::exists(to)) {
        Q_EMIT failed(tr("There is a %1 already; choose another name.").arg(QFileInfo(to).fileName()));
        return;
    }
    if (!QFile::rename(path, to)) {
        Q_EMIT failed(tr("%1 can't be renamed; check that its folder can be written.").arg(path));
        return;
    }
    Q_EMIT renamed(path, to);
    scan();
}

} // namespace reverie::ui
