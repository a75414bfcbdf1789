// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/desktop.h"
#include "ui/session/run_entry.h"

#include <QHash>
#include <QObject>
#include <QPointer>
#include <QTimer>

class QWidget;

namespace reverie::ui {

class RunStore;
class Session;

/// Tells a person whose window is not in front that a drawing, the whole queue or a training run is done or
/// failed, and how far it is, unless the settings say not to.
class Announcer : public QObject
{
    Q_OBJECT
public:
    Announcer(QWidget& window, Session& session);
    void watch(RunStore& runs);

Q_SIGNALS:
    void unseenChanged(int count); ///< things that ended while nobody looked

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void announceDrawn();
    void announceUnsaved();
    void forgetDrawn();
    void announceRuns();
    void announce(const QString& title, const QString& text);
    void showProgress();
    void comeToFront();
    [[nodiscard]] bool isInFront() const;

    QWidget& m_window;
    Session& m_session;
    QPointer<RunStore> m_runs;
    Desktop m_desktop;
    QTimer m_drawnSoon; ///< when nothing else was begun, all is drawn
    QTimer m_unsavedSoon; ///< pictures fail to be saved together
    QString m_unsavedReason;
    QTimer m_lookAtRuns;
    QHash<QString, RunEntry::State> m_states; ///< of runs, by folder
    int m_drawn = 0; ///< pictures since the last announcement
    int m_unseen = 0;
};

} // namespace reverie::ui
