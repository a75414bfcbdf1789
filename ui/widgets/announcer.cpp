// SPDX-License-Identifier: MIT
#include "ui/widgets/announcer.h"

#include "ui/session/run_store.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"

#include <QApplication>
#include <QEvent>
#include <QWidget>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int drawn_after_ms = 300;
constexpr int look_often_ms = 2'000, look_seldom_ms = 60'000;

bool isOver(RunEntry::State state)
{
    using State = RunEntry::State;
    return state == State::Finished || state == State::Failed || state == State::Died;
}

} // namespace

Announcer::Announcer(QWidget& window, Session& session)
    : QObject(&window)
    , m_window(window)
    , m_session(session)
{
    window.installEventFilter(this);
    m_drawnSoon.setSingleShot(true);
    m_drawnSoon.setInterval(drawn_after_ms);
    connect(&m_desktop, &Desktop::activated, this, &Announcer::comeToFront);
    connect(&m_drawnSoon, &QTimer::timeout, this, &Announcer::announceDrawn);
    m_unsavedSoon.setSingleShot(true);
    m_unsavedSoon.setInterval(drawn_after_ms);
    connect(&m_unsavedSoon, &QTimer::timeout, this, &Announcer::announceUnsaved);
    connect(&session, &Session::pictureFinished, this, [this] { ++m_drawn; });
    connect(&session, &Session::drawingEnded, this, [this](bool stopped) {
        if (stopped) // by somebody who has seen what there is
            forgetDrawn();
        else
            m_drawnSoon.start();
    });
    connect(&session, &Session::failed, this, [this](const QString& text) {
        announce(tr("The drawing failed"), text);
        forgetDrawn();
    });
    connect(&session, &Session::modelFailed, this,
            [this](const QString& text) { announce(tr("The model can't be used"), text); });
    connect(&session, &Session::saveFailed, this, [this](const QString& text) {
        m_unsavedReason = text;
        m_unsavedSoon.start();
    });
    connect(&session, &Session::progressed, this, &Announcer::showProgress);
    connect(&session, &Session::drawingChanged, this, &Announcer::showProgress);
}

void Announcer::watch(RunStore& runs)
{
    m_runs = &runs;
    connect(&runs, &RunStore::changed, this, &Announcer::announceRuns);
    connect(&m_lookAtRuns, &QTimer::timeout, &runs, &RunStore::look);
    m_lookAtRuns.start(look_often_ms);
}

void Announcer::announceDrawn()
{
    if (m_session.isDrawing())
        return;
    const PictureList& pictures = m_session.pictures();
    announce(m_drawn == 0       ? tr("The candidates are there")
                 : m_drawn == 1 ? tr("The picture is drawn")
                                : tr("%n pictures are drawn", nullptr, m_drawn),
             m_drawn == 0 ? tr("Pick those to be drawn to the end.")
                          : QString::fromStdString(pictures.at(0).picture.prompt));
    forgetDrawn();
}

void Announcer::forgetDrawn()
{
    m_drawnSoon.stop();
    m_drawn = 0;
}

void Announcer::announceUnsaved()
{
    const int pictures = static_cast<int>(m_session.pictures().unsaved().size());
    if (pictures == 0)
        return;
    announce(pictures == 1 ? tr("A picture could not be saved")
                           : tr("%n pictures could not be saved", nullptr, pictures),
             m_unsavedReason);
}

void Announcer::announceRuns()
{
    using State = RunEntry::State;
    bool anyAlive = false;
    for (const RunEntry& run : m_runs->model().entries()) {
        const auto before = m_states.constFind(run.path);
        const bool ended = before != m_states.constEnd() && !isOver(*before) && isOver(run.state);
        m_states[run.path] = run.state;
        anyAlive = anyAlive || run.isAlive();
        if (ended)
            announce(run.state == State::Finished ? tr("The run %1 is done").arg(run.name())
                                                  : tr("The run %1 failed").arg(run.name()),
                     run.reason);
    }
    m_lookAtRuns.setInterval(anyAlive ? look_often_ms : look_seldom_ms);
}

void Announcer::announce(const QString& title, const QString& text)
{
    if (isInFront() || !Settings::notifications())
        return;
    m_desktop.notify(title, text);
    Q_EMIT unseenChanged(++m_unseen);
}

void Announcer::showProgress()
{
    const bool shown = m_session.isDrawing() && !isInFront() && Settings::notifications();
    m_desktop.setProgress(shown ? std::optional(m_session.drawing().progress()) : std::nullopt);
}

bool Announcer::isInFront() const
{
    return QApplication::activeWindow() && !m_window.isMinimized();
}

void Announcer::comeToFront()
{
    m_window.setWindowState(m_window.windowState() & ~Qt::WindowMinimized);
    m_window.show();
    m_window.raise();
    m_window.activateWindow();
}

bool Announcer::eventFilter(QObject* watched, QEvent* event)
{
    const bool isSeen = event->type() == QEvent::WindowActivate || event->type() == QEvent::WindowStateChange;
    if (isSeen && isInFront()) {
        if (m_unseen > 0)
            Q_EMIT unseenChanged(m_unseen = 0);
        m_desktop.setProgress({});
    }
    return QObject::eventFilter(watched, event);
}

} // namespace reverie::ui
