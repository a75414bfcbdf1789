// SPDX-License-Identifier: MIT
#include "ui/session/desktop.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFileInfo>
#include <QVariantMap>

#include <cmath>

namespace reverie::ui {

namespace {

const QString service = QStringLiteral("org.freedesktop.Notifications");
const QString path = QStringLiteral("/org/freedesktop/Notifications");

/// Without an address the bus library would try to start a bus.
bool hasBus()
{
    const QString runtime = qEnvironmentVariable("XDG_RUNTIME_DIR");
    return qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")
        || (!runtime.isEmpty() && QFileInfo::exists(runtime + QStringLiteral("/bus")));
}

} // namespace

bool Desktop::connectToBus()
{
    if (!hasBus())
        return false;
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return false;
    if (!m_listens) {
        bus.connect(service, path, service, QStringLiteral("ActionInvoked"), this,
                    SLOT(takeAction(uint, QString)));
        bus.connect(service, path, service, QStringLiteral("ActivationToken"), this,
                    SLOT(takeToken(uint, QString)));
    }
    m_listens = true;
    return true;
}

void Desktop::notify(const QString& title, const QString& text)
{
    if (!connectToBus())
        return;
    const QVariantMap hints{ { QStringLiteral("desktop-entry"), QStringLiteral("reverie") } };
    const QStringList actions{ QStringLiteral("default"), tr("Show") };
    constexpr int servers_choice_ms = -1;
    auto call = QDBusMessage::createMethodCall(service, path, service, QStringLiteral("Notify"));
    call.setArguments({ QStringLiteral("Reverie"), m_shown, QStringLiteral("reverie"), title,
                        text.toHtmlEscaped(), actions, hints, servers_choice_ms });
    auto* watcher = new QDBusPendingCallWatcher(QDBusConnection::sessionBus().asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<uint> reply = *watcher;
        if (reply.isValid())
            m_shown = reply.value();
        watcher->deleteLater();
    });
}

void Desktop::takeAction(uint id, const QString& action)
{
    if (id == m_shown && action == QLatin1String("default"))
        Q_EMIT activated();
}

/// A Wayland compositor lets a window come to the front that shows it.
void Desktop::takeToken(uint id, const QString& token)
{
    if (id == m_shown)
        qputenv("XDG_ACTIVATION_TOKEN", token.toUtf8());
}

void Desktop::setProgress(std::optional<double> progress)
{
    const int percent = progress ? static_cast<int>(std::lround(*progress * 100)) : -1;
    if (percent == m_percent || !connectToBus())
        return;
    m_percent = percent;
    auto update = QDBusMessage::createSignal(QStringLiteral("/com/canonical/unity/launcherentry/1"),
                                             QStringLiteral("com.canonical.Unity.LauncherEntry"),
                                             QStringLiteral("Update"));
    update.setArguments({ QStringLiteral("application://reverie.desktop"),
                          QVariantMap{ { QStringLiteral("progress"), progress.value_or(0) },
                                       { QStringLiteral("progress-visible"), progress.has_value() } } });
    QDBusConnection::sessionBus().send(update);
}

} // namespace reverie::ui
