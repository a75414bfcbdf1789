// SPDX-License-Identifier: MIT
#include "ui/session/run_watcher.h"

#include "ui/session/chart_curves.h"
#include "ui/session/numbers_export.h"
#include "ui/session/path.h"
#include "ui/session/run_follower.h"

#include "core/base/file.h"

namespace reverie::ui {

namespace {

constexpr int live_ms = 500, over_ms = 2000, grace_ms = 500;
constexpr std::size_t bytes_at_once = std::size_t(16) << 20U; ///< tens of milliseconds

std::vector<RunSource*> sourcesOf(const std::vector<std::unique_ptr<RunFollower>>& followers)
{
    std::vector<RunSource*> sources;
    for (const auto& follower : followers)
        sources.push_back(&follower->source());
    return sources;
}

} // namespace

RunWatcher::RunWatcher(QObject* parent)
    : QObject(parent)
    , m_followers(std::make_shared<Followers>())
    , m_thread(std::make_unique<QThreadPool>())
    , m_reader(*m_thread)
    , m_drawer(*m_thread)
    , m_saver(*m_thread)
{
    m_thread->setMaxThreadCount(1);
    m_poll.setSingleShot(true);
    connect(&m_poll, &QTimer::timeout, this, &RunWatcher::read);
}

RunWatcher::~RunWatcher()
{
    for (auto* runner : { &m_reader, &m_drawer, &m_saver })
        runner->silence();
    if (!m_thread->waitForDone(grace_ms))
        static_cast<void>(
            m_thread.release()); // a folder far away does not answer: the window closes without it
}

void RunWatcher::watch(const QStringList& places)
{
    m_places = places;
    m_drawer.silence();
    m_drawing = m_drawAgain = false;
    m_followers = std::make_shared<Followers>();
    m_query.range.reset();
    m_query.cursor.reset();
    if (places.isEmpty()) {
        m_reader.silence();
        m_poll.stop();
        return;
    }
    read();
}

void RunWatcher::read()
{
    m_reader.start(
        [followers = m_followers, places = m_places, query = m_query](const std::stop_token& stop,
                                                                      const JobRunner::Post&) {
            if (followers->empty())
                for (const auto& place : places)
                    followers->push_back(std::make_unique<RunFollower>(place));
            News news;
            for (const auto& follower : *followers)
                news.states += follower->read(bytes_at_once / followers->size() + 1, stop);
            news.curves = chartCurves(sourcesOf(*followers), query);
            return news;
        },
        [this](const News& news) { receive(news); }, [this](const QString&) { m_poll.start(over_ms); });
}

void RunWatcher::receive(const News& news)
{
    const auto& states = news.states;
    const auto reads = [](const RunState& state) { return state.reading; };
    const auto lives = [](const RunState& state) { return state.alive || !state.status; };
    if (std::any_of(states.begin(), states.end(), reads))
        read(); // on, while what came is painted
    else
        m_poll.start(std::any_of(states.begin(), states.end(), lives) ? live_ms : over_ms);
    Q_EMIT statesChanged(states);
    if (news.curves.query == m_query)
        Q_EMIT curvesChanged(news.curves);
    else
        draw();
}

void RunWatcher::ask(const ChartQuery& query)
{
    if (query == m_query)
        return;
    m_query = query;
    draw();
}

void RunWatcher::draw()
{
    m_drawAgain = m_drawing;
    if (m_drawing || m_places.isEmpty())
        return;
    m_drawing = true;
    m_drawer.start(
        [followers = m_followers, query = m_query](const std::stop_token&, const JobRunner::Post&) {
            return chartCurves(sourcesOf(*followers), query);
        },
        [this](const CurveSet& curves) {
            m_drawing = false;
            Q_EMIT curvesChanged(curves);
            if (m_drawAgain)
                draw();
        },
        [this](const QString&) { m_drawing = false; });
}

void RunWatcher::saveNumbers(const QString& file)
{
    save(file,
         [followers = m_followers, places = m_places, part = m_query.part, file](
             const std::stop_token& stop) { writeNumbers(file, places, sourcesOf(*followers), part, stop); });
}

void RunWatcher::saveBytes(const QString& file, const QByteArray& bytes)
{
    save(file, [file, bytes](const std::stop_token&) {
        write_file(toPath(file), std::string_view(bytes.data(), std::size_t(bytes.size())));
    });
}

void RunWatcher::save(const QString& file, std::function<void(const std::stop_token&)> write)
{
    m_saver.start(
        [write = std::move(write)](const std::stop_token& stop, const JobRunner::Post&) {
            write(stop);
            return true;
        },
        [this, file](bool) { Q_EMIT saved(file, {}); },
        [this, file](const QString& error) { Q_EMIT saved(file, error); });
}

} // namespace reverie::ui
