// SPDX-License-Identifier: MIT
#include "ui/session/grid_keeper.h"

#include "core/api/picture_match.h"
#include "core/api/request_json.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"
#include "ui/session/session.h"

#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUuid>

namespace reverie::ui {

namespace {

/// A grid whose pictures are all there, with what it takes to write it.
struct Finding {
    std::vector<SetPart> parts;
    std::vector<Axis> axes;
    std::map<int, QString> paths;
    QString folder; ///< where pictures go
};

/// Pictures that were written without being noted, by a program that ended at that moment.
void findWritten(Finding& grid, size_t cells, const QDateTime& asked)
{
    for (QDirIterator files(grid.folder, { QStringLiteral("*.png") }, QDir::Files,
                            QDirIterator::Subdirectories);
         files.hasNext() && grid.paths.size() < cells;) {
        const QFileInfo file(files.next());
        if (file.path().endsWith(QLatin1String(".reverie")) || file.lastModified() < asked)
            continue;
        try {
            const PictureMaking making = read_making(toPath(file.filePath()));
            for (const SetPart& part : grid.parts)
                for (size_t i = 0; i < part.cells.size() && making.complete; ++i)
                    if (is_picture_of(making, part.request, static_cast<int>(i)))
                        grid.paths.emplace(part.cells[i], file.filePath());
        } catch (const Error&) { // none of ours
        }
    }
}

QByteArray toBytes(const GenerateRequest& base, const std::vector<Axis>& axes)
{
    QJsonArray list;
    for (const Axis& axis : axes) {
        QJsonArray values;
        for (const auto& value : axis.values)
            values << QString::fromStdString(value);
        list << QJsonObject{ { QStringLiteral("parameter"), QString::fromStdString(axis.parameter) },
                             { QStringLiteral("values"), values } };
    }
    const QJsonObject object{ { QStringLiteral("base"), QString::fromStdString(to_json(base)) },
                              { QStringLiteral("axes"), list } };
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

std::vector<Axis> axesOf(const QJsonArray& list)
{
    std::vector<Axis> axes;
    for (const auto& axis : list) {
        axes.push_back({ axis[QStringLiteral("parameter")].toString().toStdString(), {} });
        for (const auto& value : axis[QStringLiteral("values")].toArray())
            axes.back().values.push_back(value.toString().toStdString());
    }
    return axes;
}

/// When the grid of that id was asked for.
QDateTime timeOf(const QString& id)
{
    return QDateTime::fromMSecsSinceEpoch(id.section(QLatin1Char('-'), 0, 0).toLongLong());
}

} // namespace

GridKeeper::GridKeeper(Session& session, DrawQueue& queue, QObject* parent)
    : QObject(parent)
    , m_session(session)
    , m_queue(queue)
    , m_folder(queue.file().isEmpty() ? QString()
                                      : QFileInfo(queue.file()).absolutePath() + QStringLiteral("/grids"))
{
    m_disk.setMaxThreadCount(1);
    connect(&queue, &DrawQueue::changed, this, &GridKeeper::check);
    connect(&queue, &DrawQueue::cellSaved, this, [this](const QString& id, int cell, const QString& path) {
        if (const auto grid = m_grids.find(id); grid != m_grids.end())
            grid->second.paths[cell] = path;
    });
    connect(&queue, &DrawQueue::loaded, this, &GridKeeper::begin);
    if (queue.isLoaded())
        begin();
}

/// The grids on the disk belong to the window that has the queue on the disk.
void GridKeeper::begin()
{
    if (m_queue.isKept())
        load();
    else
        m_loaded = true;
}

GridKeeper::~GridKeeper()
{
    m_disk.waitForDone();
}

QString GridKeeper::fileOf(const QString& id) const
{
    return m_queue.isKept() ? m_folder + QLatin1Char('/') + id + QStringLiteral(".json") : QString();
}

void GridKeeper::load()
{
    m_disk.start([this] {
        std::map<QString, Grid> grids;
        for (const QFileInfo& file :
             QDir(m_folder).entryInfoList({ QStringLiteral("*.json") }, QDir::Files)) {
            try {
                const std::string bytes = read_file(toPath(file.filePath()));
                const auto object = QJsonDocument::fromJson(QByteArray::fromStdString(bytes)).object();
                Grid grid{ request_from_json(object[QStringLiteral("base")].toString().toStdString()),
                           axesOf(object[QStringLiteral("axes")].toArray()),
                           {} };
                partsOf(grid.base, grid.axes);
                grids[file.completeBaseName()] = std::move(grid);
            } catch (const Error&) { // it stays for a program that can read it
            }
        }
        QMetaObject::invokeMethod(
            this,
            [this, grids = std::move(grids)]() mutable {
                m_grids.merge(grids);
                m_loaded = true;
                check();
            },
            Qt::QueuedConnection);
    });
}

std::vector<SetPart> GridKeeper::partsOf(const GenerateRequest& base, const std::vector<Axis>& axes)
{
    std::vector<Axis> byRows(axes.rbegin(), axes.rend());
    auto parts = combinations(base, byRows);
    size_t cells = 1;
    for (const Axis& axis : axes)
        cells *= axis.values.size();
    if (axes.empty() || pictures_of(parts) != cells)
        throw UsageError(
            tr("A cell of a grid holds one picture; take the alternatives out of the prompt, or make "
               "the prompt an axis.")
                .toStdString());
    return parts;
}

void GridKeeper::add(const GenerateRequest& base, const std::vector<Axis>& axes, const QString& device,
                     DrawQueue::Where where)
{
    const auto parts = partsOf(base, axes);
    const QString id = QStringLiteral("%1-%2")
                           .arg(QDateTime::currentMSecsSinceEpoch())
                           .arg(QUuid::createUuid().toString(QUuid::Id128).left(8));
    m_grids[id] = { base, axes, {} };
    if (const QString file = fileOf(id); !file.isEmpty()) {
        m_disk.start([this, file, bytes = toBytes(base, axes)] {
            try {
                QDir().mkpath(QFileInfo(file).absolutePath());
                write_file(toPath(file), bytes.toStdString());
            } catch (const std::exception& error) {
                QMetaObject::invokeMethod(
                    this, [this, text = describe(error)] { Q_EMIT failed(text); }, Qt::QueuedConnection);
            }
        });
    }
    m_queue.add(parts, device, where, id);
}

void GridKeeper::check()
{
    if (!m_loaded || !m_queue.isLoaded())
        return;
    for (auto grid = m_grids.begin(); grid != m_grids.end();) {
        if (m_queue.holds(grid->first)) {
            ++grid;
            continue;
        }
        finish(grid->first, grid->second);
        grid = m_grids.erase(grid);
    }
}

void GridKeeper::finish(const QString& id, const Grid& grid)
{
    m_disk.start([this, id, file = fileOf(id),
                  found = Finding{ partsOf(grid.base, grid.axes), grid.axes, grid.paths,
                                   m_session.outputFolder() }]() mutable {
        QString path, problem;
        QImage sheet;
        PictureMaking making;
        try {
            const size_t cells = pictures_of(found.parts);
            if (found.paths.size() < cells)
                findWritten(found, cells, timeOf(id));
            if (!found.paths.empty()) { // otherwise nobody wants it any more
                std::vector<QImage> pictures(cells);
                for (const auto& [cell, picture] : found.paths)
                    pictures.at(cell) = readPicture(picture);
                const QString first = found.paths.begin()->second;
                making = read_making(toPath(first));
                const QByteArray png = gridFile(found.axes, pictures, making);
                const auto target = unused_path(toPath(QFileInfo(first).absolutePath())
                                                / ("grid-" + slug(making.prompt) + ".png"));
                write_file(target, png.toStdString());
                path = toQString(target);
                sheet = QImage::fromData(png);
            }
            if (!file.isEmpty())
                QFile::remove(file);
        } catch (const std::exception& error) {
            problem = describe(error);
        }
        QMetaObject::invokeMethod(
            this,
            [this, path, problem, sheet, making] {
                if (!problem.isEmpty())
                    Q_EMIT failed(problem);
                else if (!path.isEmpty())
                    Q_EMIT finished(path, sheet, making);
            },
            Qt::QueuedConnection);
    });
}

} // namespace reverie::ui
