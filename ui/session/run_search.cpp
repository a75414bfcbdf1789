// SPDX-License-Identifier: MIT
#include "ui/session/run_search.h"

#include "ui/session/path.h"

#include "core/run/run_list.h"

#include <QDir>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int deepest = 2;

bool isRun(const QDir& folder)
{
    return folder.exists(QStringLiteral("run.json")) || folder.exists(QStringLiteral("status.json"))
        || !folder.entryList({ QStringLiteral("events.out.tfevents.*") }, QDir::Files).isEmpty();
}

void collect(const QString& path, int depth, QStringList& runs, const std::stop_token& stop)
{
    const QDir folder(path);
    if (stop.stop_requested() || !folder.exists())
        return;
    if (isRun(folder)) {
        runs << folder.absolutePath();
        return;
    }
    if (depth < deepest)
        for (const QString& name : folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            collect(folder.filePath(name), depth + 1, runs, stop);
}

/// Runs that came to nothing left only a log.
QStringList unstartedRuns()
{
    QStringList runs;
    const QDir folder(toQString(default_runs_folder()));
    for (const QString& name : folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
        if (const QDir run(folder.filePath(name)); run.exists(QStringLiteral("log.txt")) && !isRun(run))
            runs << run.path();
    return runs;
}

/// Not gone, nor dead and not yet waited for.
bool processLives(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
    if (!file.open(QFile::ReadOnly))
        return false;
    const QByteArray stat = file.readAll();
    const char state = stat.mid(stat.lastIndexOf(')') + 2, 1).front();
    return state != 'Z' && state != 'X';
}

qint64 lastChange(const RunEntry& entry)
{
    if (entry.status.heartbeat > 0)
        return static_cast<qint64>(entry.status.heartbeat * 1000);
    return QFileInfo(entry.path).lastModified().toMSecsSinceEpoch();
}

/// What goes on, then what waits, then what has ended.
int rank(const RunEntry& entry)
{
    if (entry.state == RunEntry::State::Queued)
        return 1;
    return entry.isAlive() ? 0 : 2;
}

/// A process that lives and is not the one the status is of has yet to say something.
void noteLaunch(RunEntry& entry, qint64 pid)
{
    if (entry.status.pid == pid)
        return;
    if (processLives(pid)) {
        entry.state = RunEntry::State::Starting;
        entry.reason.clear();
    } else {
        entry.launchProblem = lastLogLine(entry.path);
    }
}

} // namespace

QList<RunEntry> RunSearch::find(const QStringList& folders, const QHash<QString, qint64>& launched,
                                const std::stop_token& stop)
{
    QStringList paths = launched.keys();
    for (const auto& run : known_runs())
        paths << toQString(run);
    paths << unstartedRuns();
    for (const QString& folder : folders)
        collect(folder, 0, paths, stop);
    paths << m_seen;
    paths.removeDuplicates();
    QList<std::pair<qint64, RunEntry>> runs;
    for (const QString& path : paths) {
        if (stop.stop_requested())
            break;
        RunEntry entry = readRun(path);
        if (const qint64 pid = launched.value(path))
            noteLaunch(entry, pid);
        runs.append({ lastChange(entry), std::move(entry) });
    }
    m_seen = paths;
    // Runs that go on keep their places: by their start, not by their last heartbeat.
    std::stable_sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
        const int left = rank(a.second), right = rank(b.second);
        if (left != right)
            return left < right;
        if (left < 2)
            return a.second.status.process_start < b.second.status.process_start;
        return a.first > b.first;
    });
    QList<RunEntry> entries;
    for (auto& [when, entry] : runs)
        entries << std::move(entry);
    return entries;
}

} // namespace reverie::ui
