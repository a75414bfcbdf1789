// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>
#include <QString>

#include <optional>

namespace reverie::ui {

/// What the desktop shows of a program that is not in front: notifications (org.freedesktop.Notifications)
/// and progress on its icon in the task bar (com.canonical.Unity.LauncherEntry). Without a session bus
/// nothing happens. Nothing waits for an answer.
class Desktop : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// In the place of the notification before, if that is still there.
    void notify(const QString& title, const QString& text);
    /// From 0 to 1; none: there is nothing under way.
    void setProgress(std::optional<double> progress);

Q_SIGNALS:
    void activated(); ///< a notification of ours was clicked

private Q_SLOTS: // called by name from the bus
    void takeAction(uint id, const QString& action);
    void takeToken(uint id, const QString& token);

private:
    [[nodiscard]] bool connectToBus();

    bool m_listens = false;
    uint m_shown = 0; ///< id of the last notification; 0: none yet
    int m_percent = -1; ///< that the task bar was told; -1: none
};

} // namespace reverie::ui
