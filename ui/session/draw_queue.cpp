// SPDX-License-Identifier: MIT
#include "ui/session/draw_queue.h"

#include "core/api/picture_match.h"
#include "core/base/error.h"
#include "ui/session/path.h"
#include "ui/session/queue_database.h"
#include "ui/session/session.h"

#include <QDateTime>
#include <QDirIterator>
#include <QFileInfo>
#include <QSettings>
#include <QStandardPaths>

#include <algorithm>

// What happens to drawings. How they are shown stands in draw_queue_model.cpp.
namespace reverie::ui {

namespace {

constexpr int most_attempts = 2;
constexpr size_t most_foretold = 48; ///< entries
const QString pausedKey = QStringLiteral("queue/paused");

QString rateKey(const QString& device)
{
    return QStringLiteral("queue/flopsPerSecond/") + device;
}

/// A program that is killed may have written a picture and not yet noted it.
void findWritten(QueueEntry& entry, const QString& folder)
{
    const QDateTime asked = QDateTime::fromMSecsSinceEpoch(entry.id / 1000);
    for (QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories); files.hasNext();) {
        const QFileInfo file(files.next());
        if (file.suffix() != QLatin1String("png") || file.path().endsWith(QLatin1String(".reverie"))
            || file.lastModified() < asked)
            continue;
        try {
            const PictureMaking making = read_making(toPath(file.filePath()));
            for (int i = 0; i < entry.pictures() && making.complete; ++i)
                if (is_picture_of(making, entry.request, i))
                    entry.saved.insert(i);
        } catch (const Error&) { // none of ours
        }
    }
}

/// Without the request, whose pictures are large and stay as they are.
QueueEntry changing(const QueueEntry& entry)
{
    QueueEntry changed;
    changed.id = entry.id;
    changed.place = entry.place;
    changed.saved = entry.saved;
    changed.attempts = entry.attempts;
    changed.problem = entry.problem;
    return changed;
}

bool isBefore(const QueueEntry& a, const QueueEntry& b)
{
    return a.place < b.place;
}

} // namespace

DrawQueue::DrawQueue(Session& session, const QString& file, QObject* parent)
    : QAbstractListModel(parent)
    , m_session(session)
    , m_file(file)
    , m_paused(!file.isEmpty() && QSettings().value(pausedKey).toBool())
    , m_loaded(file.isEmpty())
    , m_isKept(!file.isEmpty())
    , m_database(std::make_shared<std::unique_ptr<QueueDatabase>>())
{
    m_disk.setMaxThreadCount(1);
    m_disk.setExpiryTimeout(-1); // the database belongs to the thread that opened it
    connect(&session, &Session::modelOpened, this, [this] { // which goes on to read the weights first
        QMetaObject::invokeMethod(
            this, [this] { advance(); }, Qt::QueuedConnection);
    });
    connect(&session, &Session::modelFailed, this,
            [this](const QString& message) { fail(std::exchange(m_opening, 0), message); });
    connect(&session, &Session::drawingEnded, this, &DrawQueue::finish);
    connect(&session, &Session::failed, this,
            [this](const QString& message) { fail(std::exchange(m_running, 0), message); });
    connect(&session, &Session::progressed, this, [this] { announce(rowOf(m_running)); });
    connect(&session, &Session::pictureFinished, this, &DrawQueue::keepTrack);
    connect(&session, &Session::pictureSaved, this, &DrawQueue::markSaved);
    connect(&session, &Session::saveFailed, this, [this] {
        if (!m_unsaved.empty())
            setPaused(true);
    });
    if (!file.isEmpty())
        load(file);
}

DrawQueue::~DrawQueue()
{
    if (const int row = rowOf(m_running); row >= 0) {
        m_entries[row].attempts = 0; // the program was ended, it did not fall
        update(m_entries[row]);
    }
    m_disk.start([database = m_database] { database->reset(); });
    m_disk.waitForDone();
}

QString DrawQueue::standardFile()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)
        + QStringLiteral("/reverie/queue.sqlite");
}

void DrawQueue::load(const QString& file)
{
    m_disk.start([this, file, folder = m_session.outputFolder(), database = m_database] {
        std::vector<QueueEntry> entries;
        QString problem;
        try {
            *database = std::make_unique<QueueDatabase>(file);
            for (QueueEntry& entry : (*database)->entries()) {
                if (entry.attempts > 0)
                    findWritten(entry, folder);
                if (entry.pictures() > 0 && static_cast<int>(entry.saved.size()) == entry.pictures())
                    (*database)->remove({ entry.id });
                else
                    entries.push_back(std::move(entry));
            }
        } catch (const std::exception& error) {
            problem = describe(error);
            database->reset();
        }
        QMetaObject::invokeMethod(
            this,
            [this, entries = std::move(entries), problem]() mutable {
                for (QueueEntry& entry : entries)
                    if (entry.attempts >= most_attempts && entry.problem.isEmpty())
                        entry.problem = tr("Reverie ended twice while it drew this; try again if you like.");
                m_loaded = true;
                m_isKept = problem.isEmpty();
                Q_EMIT loaded();
                insert(std::move(entries));
                if (!problem.isEmpty())
                    Q_EMIT failed(problem);
                advance();
            },
            Qt::QueuedConnection);
    });
}

void DrawQueue::store(std::function<void(QueueDatabase&)> work)
{
    m_disk.start([this, database = m_database, work = std::move(work)] {
        if (!*database)
            return;
        try {
            work(**database);
        } catch (const std::exception& error) {
            QMetaObject::invokeMethod(
                this, [this, text = describe(error)] { Q_EMIT failed(text); }, Qt::QueuedConnection);
        }
    });
}

void DrawQueue::update(const QueueEntry& entry)
{
    update(std::vector<QueueEntry>{ changing(entry) });
}

void DrawQueue::update(const std::vector<QueueEntry>& entries)
{
    store([entries](QueueDatabase& database) { database.update(entries); });
}

void DrawQueue::add(const std::vector<GenerateRequest>& requests, const QString& device, Where where)
{
    std::vector<QueueEntry> entries(requests.size());
    for (size_t i = 0; i < requests.size(); ++i)
        entries[i].request = requests[i];
    ask(std::move(entries), device, where);
}

void DrawQueue::add(const std::vector<SetPart>& parts, const QString& device, Where where,
                    const QString& grid)
{
    std::vector<QueueEntry> entries(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
        entries[i].request = parts[i].request;
        entries[i].grid = grid;
        if (!grid.isEmpty())
            entries[i].cells = parts[i].cells;
    }
    ask(std::move(entries), device, where);
}

void DrawQueue::ask(std::vector<QueueEntry> entries, const QString& device, Where where)
{
    const bool first = where == Where::Front && !m_entries.empty();
    double place = first ? m_entries.front().place - static_cast<double>(entries.size()) - 1 : 0;
    for (QueueEntry& entry : entries) {
        entry.id = m_lastId = std::max(m_lastId + 1, QDateTime::currentMSecsSinceEpoch() * 1000);
        entry.place = first ? ++place : static_cast<double>(entry.id);
        entry.device = device;
        if (m_session.model())
            entry.model = toQString(m_session.model()->path);
    }
    store([entries](QueueDatabase& database) { database.add(entries); });
    insert(std::move(entries));
    advance(/*overExploring=*/true);
}

bool DrawQueue::holds(const QString& grid) const
{
    const auto isOf = [&grid](const auto& thing) { return thing.grid == grid; };
    return std::any_of(m_entries.begin(), m_entries.end(), isOf)
        || std::any_of(m_unsaved.begin(), m_unsaved.end(),
                       [&](const auto& picture) { return isOf(picture.second); });
}

void DrawQueue::insert(std::vector<QueueEntry> entries)
{
    std::stable_sort(entries.begin(), entries.end(), isBefore);
    for (auto first = entries.begin(); first != entries.end();) { // as many at once as lie together
        const auto after = std::upper_bound(m_entries.begin(), m_entries.end(), *first, isBefore);
        const auto last = after == m_entries.end() ? entries.end()
                                                   : std::lower_bound(first, entries.end(), *after, isBefore);
        const int row = static_cast<int>(after - m_entries.begin());
        beginInsertRows({}, row, row + static_cast<int>(last - first) - 1);
        m_entries.insert(after, std::make_move_iterator(first), std::make_move_iterator(last));
        endInsertRows();
        first = last;
    }
    for (const QueueEntry& entry : m_entries)
        m_lastId = std::max(m_lastId, entry.id);
    foretell();
    Q_EMIT changed();
}

void DrawQueue::foretell()
{
    for (size_t i = 0; i < std::min(m_entries.size(), most_foretold) && m_session.model(); ++i)
        if (!m_entries[i].foretold)
            preview(m_entries[i]);
}

void DrawQueue::preview(QueueEntry& entry)
{
    entry.foretold = true;
    m_session.preview(entry.request, this, [this, id = entry.id](const DrawingPreview& preview) {
        if (const int row = rowOf(id); row >= 0) {
            m_entries[row].preview = preview;
            announce(row);
            Q_EMIT changed();
        }
    });
}

void DrawQueue::advance(bool overExploring)
{
    foretell();
    if (!m_loaded || m_paused || m_holding || m_running || !m_session.model())
        return;
    if (m_session.isDrawing() && !(overExploring && m_session.isExploring()))
        return;
    const auto next = std::find_if(m_entries.begin(), m_entries.end(), [](const QueueEntry& entry) {
        return entry.problem.isEmpty() && !entry.drawn;
    });
    if (next == m_entries.end())
        return;
    if (next->model.isEmpty() || toPath(next->model) == m_session.model()->path) {
        m_opening = 0;
        begin(*next);
    } else if (m_opening != next->id) {
        m_opening = next->id;
        m_session.openModel(next->model, next->device);
    } else {
        fail(std::exchange(m_opening, 0), tr("Its model %1 could not be opened.").arg(next->model));
    }
}

void DrawQueue::begin(QueueEntry& entry)
{
    RemainingPictures remaining = remainingPictures(entry);
    m_running = entry.id;
    m_indices = std::move(remaining.indices);
    ++entry.attempts;
    update(entry);
    m_since.start();
    if (!entry.foretold)
        preview(entry);
    const QString device = entry.device;
    m_session.draw(remaining.request, device);
    announce(rowOf(m_running));
    Q_EMIT begun();
    Q_EMIT changed();
}

void DrawQueue::keepTrack(int pictureRow)
{
    const FinishedPicture& picture = m_session.pictures().at(pictureRow);
    if (!m_running || !picture.picture.complete)
        return;
    Place place{ m_running, m_indices.at(picture.picture.index), {}, -1 };
    if (const int row = rowOf(m_running); row >= 0 && !m_entries[row].grid.isEmpty()) {
        place.grid = m_entries[row].grid;
        place.cell = m_entries[row].cells.at(place.index);
    }
    m_unsaved[picture.id] = place;
}

void DrawQueue::markSaved(const QString& path, quint64 picture)
{
    const auto found = m_unsaved.find(picture);
    if (found == m_unsaved.end())
        return;
    const Place place = found->second;
    m_unsaved.erase(found);
    if (!place.grid.isEmpty())
        Q_EMIT cellSaved(place.grid, place.cell, path);
    const int row = rowOf(place.entry);
    if (row < 0) {
        Q_EMIT changed();
        return;
    }
    QueueEntry& entry = m_entries[row];
    entry.saved.insert(place.index);
    if (place.entry != m_running && static_cast<int>(entry.saved.size()) == entry.pictures())
        erase(row);
    else
        update(entry);
}

void DrawQueue::finish(bool stopped)
{
    const int row = rowOf(std::exchange(m_running, 0));
    if (row >= 0 && stopped && m_holding) {
        m_entries[row].attempts = 0; // the program ends, it did not fall
        update(m_entries[row]);
    } else if (row >= 0) {
        QueueEntry& entry = m_entries[row];
        entry.drawn = true;
        if (!stopped)
            learnRate(entry);
        if (stopped || static_cast<int>(entry.saved.size()) == entry.pictures())
            erase(row);
        else
            announce(row);
    }
    advance();
    if (row >= 0 && !m_running)
        Q_EMIT ended();
    Q_EMIT changed();
}

void DrawQueue::fail(qint64 id, const QString& message)
{
    if (const int row = rowOf(id); row >= 0) {
        QueueEntry& entry = m_entries[row];
        entry.problem = message;
        entry.attempts = 0;
        update(entry);
        announce(row);
        Q_EMIT changed();
    }
    advance();
}

void DrawQueue::erase(int row)
{
    const qint64 id = take(row, row).front().id;
    store([id](QueueDatabase& database) { database.remove({ id }); });
    Q_EMIT changed();
}

std::vector<QueueEntry> DrawQueue::take(int first, int last)
{
    beginRemoveRows({}, first, last);
    const auto begin = m_entries.begin() + first, end = m_entries.begin() + last + 1;
    std::vector<QueueEntry> taken(std::make_move_iterator(begin), std::make_move_iterator(end));
    m_entries.erase(begin, end);
    endRemoveRows();
    return taken;
}

void DrawQueue::remove(const QList<int>& rows)
{
    m_removed.clear();
    QList<int> left = rows;
    std::sort(left.begin(), left.end());
    while (!left.isEmpty()) { // from the last on, as many at once as lie together
        const int last = left.takeLast();
        int first = last;
        while (!left.isEmpty() && left.last() == first - 1)
            first = left.takeLast();
        auto taken = take(first, last);
        m_removed.insert(m_removed.end(), std::make_move_iterator(taken.begin()),
                         std::make_move_iterator(taken.end()));
    }
    std::vector<qint64> ids;
    for (const QueueEntry& entry : m_removed) {
        ids.push_back(entry.id);
        if (entry.id == m_running)
            m_session.stop();
    }
    store([ids](QueueDatabase& database) { database.remove(ids); });
    foretell();
    Q_EMIT changed();
}

void DrawQueue::undoRemove()
{
    std::vector<QueueEntry> entries = std::exchange(m_removed, {});
    for (QueueEntry& entry : entries) {
        entry.id = ++m_lastId;
        entry.attempts = 0;
        entry.foretold = entry.preview.has_value();
        entry.drawn = false;
    }
    store([entries](QueueDatabase& database) { database.add(entries); });
    insert(std::move(entries));
    advance();
}

void DrawQueue::move(int row, int before)
{
    if (before == row || before == row + 1)
        return;
    std::vector<double> places;
    for (const QueueEntry& entry : m_entries)
        places.push_back(entry.place);
    beginMoveRows({}, row, row, {}, before);
    const auto from = m_entries.begin() + row, to = m_entries.begin() + before;
    if (before > row)
        std::rotate(from, from + 1, to);
    else
        std::rotate(to, from, from + 1);
    endMoveRows();
    std::vector<QueueEntry> moved;
    for (size_t i = 0; i < places.size(); ++i)
        if (std::exchange(m_entries[i].place, places[i]) != places[i])
            moved.push_back(changing(m_entries[i]));
    update(moved);
    foretell();
    Q_EMIT changed();
}

void DrawQueue::retry(int row)
{
    QueueEntry& entry = m_entries.at(row);
    if (entry.pictures() == 0)
        return;
    entry.problem.clear();
    entry.attempts = 0;
    update(entry);
    announce(row);
    Q_EMIT changed();
    advance();
}

void DrawQueue::setPaused(bool paused)
{
    if (paused == m_paused)
        return;
    m_paused = paused;
    QSettings().setValue(pausedKey, paused);
    Q_EMIT changed();
    advance();
}

void DrawQueue::goOn()
{
    m_holding = false;
    advance();
}

void DrawQueue::learnRate(const QueueEntry& entry)
{
    if (!entry.preview || entry.preview->flops <= 0 || m_since.elapsed() == 0)
        return;
    const double flops = entry.preview->flops * static_cast<double>(m_indices.size()) / entry.pictures();
    const double rate = flops * 1000 / static_cast<double>(m_since.elapsed());
    const double before = QSettings().value(rateKey(entry.device)).toDouble();
    QSettings().setValue(rateKey(entry.device), before > 0 ? (before + rate) / 2 : rate);
}

std::optional<double> DrawQueue::secondsFor(const QString& device, double flops)
{
    const double rate = QSettings().value(rateKey(device)).toDouble();
    return flops > 0 && rate > 0 ? std::optional(flops / rate) : std::nullopt;
}

std::optional<double> DrawQueue::secondsOf(const QueueEntry& entry) const
{
    const double left = entry.pictures() - static_cast<double>(entry.saved.size());
    return entry.preview ? secondsFor(entry.device, entry.preview->flops * left / entry.pictures())
                         : std::nullopt;
}

int DrawQueue::rowOf(qint64 id) const
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                    [id](const QueueEntry& entry) { return id != 0 && entry.id == id; });
    return found == m_entries.end() ? -1 : static_cast<int>(found - m_entries.begin());
}

} // namespace reverie::ui
