// SPDX-License-Identifier: MIT
#include "ui/session/run_store.h"

#include "ui/session/path.h"
#include "ui/session/settings.h"
#include "ui/session/trash.h"

#include "core/run/metrics.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int period_ms = 1000;
constexpr int measure_again_ms = 15'000; ///< the disk that a living run takes

/// What came of moving runs, one by one.
struct Moved {
    QList<TrashedRun> runs, stayed;
    QString problem; ///< of the first that stayed

    template <class Move>
    void one(TrashedRun run, Move move)
    {
        try {
            move(run);
            runs << run;
        } catch (const std::exception& error) {
            stayed << run;
            if (problem.isEmpty())
                problem = describe(error);
        }
    }
};

} // namespace

RunStore::RunStore(QString program, QObject* parent)
    : QObject(parent)
    , m_program(std::move(program))
    , m_folders(Settings::runFolders())
    , m_search(std::make_shared<RunSearch>())
{
    m_readers.setMaxThreadCount(1);
    m_measurers.setMaxThreadCount(1);
    m_actors.setMaxThreadCount(1);
    m_soon.setSingleShot(true);
    m_soon.setInterval(period_ms);
    connect(&m_soon, &QTimer::timeout, this, &RunStore::read);
}

RunStore::~RunStore()
{
    *m_isThere = false;
    m_reading.silence();
    m_measuring.silence();
    m_readers.waitForDone();
    m_measurers.waitForDone();
    m_actors.waitForDone();
}

/// `work` on a worker, what it returns to `done` here, what it throws to failed().
template <class Work, class Done>
void RunStore::act(Work work, Done done)
{
    m_actors.start([this, work = std::move(work), done = std::move(done), isThere = m_isThere] {
        const auto post = [&isThere](auto call) {
            QMetaObject::invokeMethod(
                qApp,
                [isThere, call = std::move(call)] {
                    if (*isThere)
                        call();
                },
                Qt::QueuedConnection);
        };
        try {
            post([done, result = work()] { done(result); });
        } catch (const std::exception& error) {
            post([this, text = describe(error)] { Q_EMIT failed(text); });
        }
    });
}

void RunStore::watch()
{
    m_isWatching = true;
    read();
}

void RunStore::read()
{
    m_soon.stop();
    m_reading.start(
        [search = m_search, folders = m_folders, launched = m_launched,
         questions = m_questions](const std::stop_token& stop, const JobRunner::Post&) {
            return Reading{ search->find(folders, launched, stop), answersTo(questions) };
        },
        [this](Reading reading) { take(std::move(reading)); },
        [this](const QString& text) {
            Q_EMIT failed(text);
            if (m_isWatching)
                m_soon.start();
        });
}

QList<RunStore::Answer> RunStore::answersTo(const QList<Question>& questions)
{
    QList<Answer> answers;
    for (const Question& question : questions) {
        QFile file(question.folder + QStringLiteral("/metrics.jsonl"));
        if (!file.open(QFile::ReadOnly) || !file.seek(question.offset))
            continue;
        while (!file.atEnd()) {
            const auto line = metrics_line(file.readLine().toStdString());
            if (!line || !line->words.contains("verb") || line->words.at("verb") != question.verb)
                continue;
            const auto ok = line->numbers.find("ok");
            answers << Answer{ question, ok != line->numbers.end() && ok->second != 0,
                               QString::fromStdString(line->event) };
            break;
        }
    }
    return answers;
}

void RunStore::take(Reading reading)
{
    reading.runs.removeIf(
        [this](const RunEntry& run) { return m_gone.contains(run.path) && !QFileInfo::exists(run.path); });
    m_model.setEntries(reading.runs);
    m_isRead = true;
    for (const RunEntry& run : reading.runs) {
        if (!m_launched.contains(run.path))
            continue;
        const bool tookOver = run.status.pid == m_launched[run.path];
        if (tookOver || !run.launchProblem.isEmpty())
            m_launched.remove(run.path);
        if (tookOver || run.launchProblem.isEmpty())
            continue;
        m_onWaking.remove(run.path);
        Q_EMIT failed(tr("%1 did not start: %2").arg(run.name(), run.launchProblem));
    }
    for (const Answer& answer : reading.answers) {
        m_questions.removeIf([&](const Question& question) {
            return question.folder == answer.question.folder && question.verb == answer.question.verb
                && question.offset == answer.question.offset;
        });
        Q_EMIT answered(answer.question.folder, answer.ok, answer.sentence);
    }
    askThoseAwake();
    measure();
    Q_EMIT changed();
    if (m_isWatching)
        m_soon.start();
}

void RunStore::askThoseAwake()
{
    for (const QString& folder : m_onWaking.keys())
        if (const RunEntry* run = m_model.entry(folder); run && run->state == RunEntry::State::Running)
            ask(folder, m_onWaking.take(folder));
}

void RunStore::measure()
{
    QStringList due;
    for (const RunEntry& run : m_model.entries())
        if (!m_measured.contains(run.path)
            || (run.isAlive() && m_measured[run.path].hasExpired(measure_again_ms)))
            due << run.path;
    if (due.isEmpty() || m_isMeasuring)
        return;
    m_isMeasuring = true;
    m_measuring.start(
        [this, due](const std::stop_token& stop, const JobRunner::Post& post) {
            for (const QString& folder : due) {
                const qint64 bytes = bytesBelow(folder, stop);
                post([this, folder, bytes] {
                    m_measured[folder].start();
                    m_model.setBytes(folder, bytes);
                });
            }
            return true;
        },
        [this](bool) { m_isMeasuring = false; }, [this](const QString&) { m_isMeasuring = false; });
}

void RunStore::addFolder(const QString& folder)
{
    const QString absolute = QDir(folder).absolutePath();
    if (m_folders.contains(absolute))
        return;
    m_folders << absolute;
    Settings::setRunFolders(m_folders);
    read();
}

void RunStore::removeFolder(const QString& folder)
{
    m_folders.removeAll(folder);
    Settings::setRunFolders(m_folders);
    m_search = std::make_shared<RunSearch>();
    read();
}

void RunStore::noteLaunch(const LaunchedRun& run)
{
    m_launched[run.folder] = run.pid;
    m_gone.removeAll(run.folder);
    Q_EMIT launched(run.folder);
    read();
}

void RunStore::launch(const RunOrder& order)
{
    act([program = m_program, order] { return launchRun(program, order); },
        [this](const LaunchedRun& run) { noteLaunch(run); });
}

void RunStore::resume(const QString& folder)
{
    m_onWaking.remove(folder);
    const RunEntry* run = m_model.entry(folder);
    if (run && run->isAlive()) {
        ask(folder, { "resume" });
        return;
    }
    act([program = m_program, folder] { return relaunchRun(program, folder); },
        [this](const LaunchedRun& launched) { noteLaunch(launched); });
}

void RunStore::ask(const QString& folder, const ControlRequest& request)
{
    act(
        [folder, request] {
            const qint64 offset = QFileInfo(folder + QStringLiteral("/metrics.jsonl")).size();
            post_request(toPath(folder), request);
            return Question{ folder, request.verb, offset };
        },
        [this](const Question& question) {
            m_questions << question;
            read();
        });
}

void RunStore::rollBack(const QString& folder, qint64 step)
{
    const ControlRequest request{ "rollback", "{\"step\": " + std::to_string(step) + "}" };
    const RunEntry* run = m_model.entry(folder);
    if (run && run->isAlive()) {
        ask(folder, request);
        return;
    }
    resume(folder);
    m_onWaking[folder] = request;
}

void RunStore::trash(const QStringList& folders)
{
    QStringList ended;
    for (const QString& folder : folders)
        if (const RunEntry* run = m_model.entry(folder); run && !run->isAlive())
            ended << folder;
    act(
        [ended] {
            Moved moved;
            for (const QString& folder : ended)
                moved.one({ folder, {} }, [](TrashedRun& run) {
                    if (QFileInfo::exists(run.folder))
                        run.trashed = movedToTrash(run.folder);
                });
            return moved;
        },
        [this](const Moved& moved) {
            for (const TrashedRun& run : moved.runs)
                m_gone << run.folder;
            if (!moved.runs.isEmpty())
                Q_EMIT trashed(moved.runs);
            if (!moved.problem.isEmpty())
                Q_EMIT failed(moved.problem);
            read();
        });
}

void RunStore::restore(const QList<TrashedRun>& runs)
{
    act(
        [runs] {
            Moved back;
            for (const TrashedRun& run : runs)
                back.one(run, [](const TrashedRun& there) {
                    if (!there.trashed.isEmpty())
                        bringBack(there.trashed, there.folder);
                });
            return back;
        },
        [this](const Moved& back) {
            for (const TrashedRun& run : back.runs)
                m_gone.removeAll(run.folder);
            if (!back.stayed.isEmpty()) {
                Q_EMIT trashed(back.stayed);
                Q_EMIT failed(back.problem);
            }
            read();
        });
}

void RunStore::planThinning(const QString& folder)
{
    act([folder] { return plannedThinning(folder); },
        [this, folder](const Thinning& thinning) { Q_EMIT thinningPlanned(folder, thinning); });
}

void RunStore::thin(const QString& folder, const Thinning& thinning)
{
    act(
        [thinning] {
            thinOut(thinning);
            return true;
        },
        [this, folder](bool) {
            m_measured.remove(folder);
            Q_EMIT thinned(folder);
            read();
        });
}

} // namespace reverie::ui
