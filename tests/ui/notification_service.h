// SPDX-License-Identifier: MIT
#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QObject>
#include <QProcess>
#include <QVariantMap>

#include <optional>

namespace reverie::ui {

/// A session bus of the test's own, with a desktop on it that takes notifications and progress.
class NotificationService : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    struct Notification {
        QString title, text;
        QStringList actions;
        uint replaces;
    };

    /// Starts the bus and names it in the environment, where programs look for theirs.
    NotificationService()
    {
        m_bus.start(
            QStringLiteral("dbus-daemon"),
            { QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--print-address") });
        if (!m_bus.waitForReadyRead())
            return;
        const QByteArray address = m_bus.readLine().trimmed();
        qputenv("DBUS_SESSION_BUS_ADDRESS", address);
        auto connection
            = QDBusConnection::connectToBus(QString::fromLatin1(address), QStringLiteral("desktop"));
        connection.registerObject(QStringLiteral("/org/freedesktop/Notifications"), this,
                                  QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals);
        connection.registerService(QStringLiteral("org.freedesktop.Notifications"));
        connection.connect({}, {}, QStringLiteral("com.canonical.Unity.LauncherEntry"),
                           QStringLiteral("Update"), this, SLOT(Update(QString, QVariantMap)));
        m_isThere = connection.isConnected();
    }
    ~NotificationService() override
    {
        QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
        m_bus.kill();
        m_bus.waitForFinished();
    }

    [[nodiscard]] bool isThere() const { return m_isThere; }
    QList<Notification> shown;
    QList<std::optional<double>> progress; ///< in the task bar
    QString launcher;

public Q_SLOTS: // names are the interfaces'
    uint Notify(const QString&, uint replaces, const QString&, const QString& title, const QString& text,
                const QStringList& actions, const QVariantMap&, int)
    {
        shown.append({ title, text, actions, replaces });
        return 7;
    }
    void Update(const QString& application, const QVariantMap& properties)
    {
        launcher = application;
        progress.append(properties[QStringLiteral("progress-visible")].toBool()
                            ? std::optional(properties[QStringLiteral("progress")].toDouble())
                            : std::nullopt);
    }

Q_SIGNALS:
    void ActionInvoked(uint id, const QString& action);

private:
    QProcess m_bus;
    bool m_isThere = false;
};

} // namespace reverie::ui
