// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/run_disk.h"
#include "ui/session/run_launcher.h"
#include "ui/session/run_model.h"
#include "ui/session/run_search.h"

#include "core/run/control.h"

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QTimer>

#include <memory>

namespace reverie::ui {

/// Every run there is to see and what can be done with it. Runs are processes of their own that are read and
/// asked through their folders; nothing here keeps one going. Lives on the application's thread and never
/// waits: folders are read on workers.
class RunStore : public QObject
{
    Q_OBJECT
public:
    explicit RunStore(QString program = dreamProgram(), QObject* parent = nullptr);
    ~RunStore() override;

    [[nodiscard]] RunModel& model() { return m_model; }
    [[nodiscard]] bool isRead() const { return m_isRead; } ///< the list was read once

    /// Reads the list now, and from then on every second until it is told to rest.
    void watch();
    /// Reads the list once, unless it is watched anyway.
    void look()
    {
        if (!m_isWatching)
            read();
    }
    void rest()
    {
        m_soon.stop();
        m_isWatching = false;
    }

    /// Folders whose runs are listed too.
    [[nodiscard]] const QStringList& folders() const { return m_folders; }
    void addFolder(const QString& folder);
    void removeFolder(const QString& folder);

    /// Each ends with launched() or failed().
    void launch(const RunOrder& order);
    void resume(const QString& folder); ///< wakes a paused run, starts a dead one again
    /// Puts a request into a run's folder; the run's answer comes as answered().
    void ask(const QString& folder, const ControlRequest& request);
    /// Goes back to the checkpoint at or before that step; a run that is dead is resumed first.
    void rollBack(const QString& folder, qint64 step);

    /// Ends with trashed() or failed(). Runs that live stay.
    void trash(const QStringList& folders);
    void restore(const QList<TrashedRun>& runs);
    void planThinning(const QString& folder); ///< ends with thinningPlanned()
    void thin(const QString& folder, const Thinning& thinning);

Q_SIGNALS:
    void changed(); ///< the list was read
    void launched(const QString& folder);
    void answered(const QString& folder, bool ok, const QString& sentence);
    void trashed(const QList<reverie::ui::TrashedRun>& runs);
    void thinningPlanned(const QString& folder, const reverie::ui::Thinning& thinning);
    void thinned(const QString& folder);
    void failed(const QString& message);

private:
    /// A request that was not answered yet.
    struct Question {
        QString folder;
        std::string verb;
        qint64 offset = 0; ///< in metrics.jsonl, where the answer comes after
    };
    struct Answer {
        Question question;
        bool ok = false;
        QString sentence;
    };
    struct Reading {
        QList<RunEntry> runs;
        QList<Answer> answers;
    };
    static QList<Answer> answersTo(const QList<Question>& questions);

    void read();
    void take(Reading reading);
    void askThoseAwake();
    void measure();
    template <class Work, class Done>
    void act(Work work, Done done);
    void noteLaunch(const LaunchedRun& run);

    QString m_program;
    QStringList m_folders;
    RunModel m_model;
    QThreadPool m_readers, m_measurers, m_actors;
    std::shared_ptr<RunSearch> m_search; ///< touched by the reader only
    QHash<QString, qint64> m_launched; ///< processes of runs that say nothing of themselves yet
    QStringList m_gone; ///< deleted here
    QList<Question> m_questions;
    QHash<QString, ControlRequest> m_onWaking; ///< for runs that are being resumed
    QHash<QString, QElapsedTimer> m_measured;
    QTimer m_soon;
    bool m_isRead = false, m_isWatching = false, m_isMeasuring = false;
    std::shared_ptr<bool> m_isThere = std::make_shared<bool>(true); ///< looked at on this thread only
    JobRunner m_reading{ m_readers };
    JobRunner m_measuring{ m_measurers };
};

} // namespace reverie::ui
