// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"
#include "ui/session/job_runner.h"
#include "ui/session/run_state.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <vector>

namespace reverie::ui {

class RunFollower;

/// Follows runs on a thread of its own and tells the window what is new, and the curves it asks for. Nothing
/// here ever waits for a disk.
class RunWatcher : public QObject
{
    Q_OBJECT
public:
    explicit RunWatcher(QObject* parent = nullptr);
    ~RunWatcher() override;

    /// From now on these: folders of runs, event files or folders of such.
    void watch(const QStringList& places);
    [[nodiscard]] const QStringList& places() const { return m_places; }
    /// The curves of that query come as curvesChanged(), and again whenever there is more of them. The newest
    /// query counts.
    void ask(const ChartQuery& query);
    /// The numbers of the part that is shown, as a table in CSV. The answer is saved().
    void saveNumbers(const QString& file);
    /// The answer is saved().
    void saveBytes(const QString& file, const QByteArray& bytes);

Q_SIGNALS:
    void statesChanged(const QList<reverie::ui::RunState>& states);
    void curvesChanged(const reverie::ui::CurveSet& curves);
    /// With a sentence if it failed.
    void saved(const QString& file, const QString& error);

private:
    using Followers = std::vector<std::unique_ptr<RunFollower>>;
    struct News {
        QList<RunState> states;
        CurveSet curves;
    };

    void read();
    void draw();
    void receive(const News& news);
    void save(const QString& file, std::function<void(const std::stop_token&)> write);

    QStringList m_places;
    std::shared_ptr<Followers> m_followers; ///< used by jobs only
    ChartQuery m_query;
    QTimer m_poll;
    bool m_drawing = false, m_drawAgain = false;
    std::unique_ptr<QThreadPool> m_thread;
    JobRunner m_reader, m_drawer, m_saver;
};

} // namespace reverie::ui
