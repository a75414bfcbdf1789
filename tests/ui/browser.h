// SPDX-License-Identifier: MIT
#pragma once

#include <QEventLoop>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>

namespace reverie::ui {

/// A Chromium without a window, driven by WebDriver as a person drives it by mouse and keys.
class Browser
{
public:
    Browser()
    {
        m_driver.start(QStringLiteral("chromedriver"), { QStringLiteral("--port=0") });
        if (!m_driver.waitForStarted())
            qFatal("chromedriver is missing; run packaging/install-packages.sh --tests.");
        static const QRegularExpression line(QStringLiteral("successfully on port (\\d+)"));
        QString said;
        while (!line.match(said).hasMatch() && m_driver.waitForReadyRead(30000))
            said += QString::fromUtf8(m_driver.readAllStandardOutput());
        m_base = QStringLiteral("http://127.0.0.1:%1/session").arg(line.match(said).captured(1));
        const QStringList arguments{
            QStringLiteral("--headless=new"),         QStringLiteral("--no-sandbox"),
            QStringLiteral("--disable-gpu"),          QStringLiteral("--disable-dev-shm-usage"),
            QStringLiteral("--no-first-run"),         QStringLiteral("--disable-background-networking"),
            QStringLiteral("--window-size=1000,800"), QStringLiteral("--user-data-dir=") + m_profile.path()
        };
        const QJsonObject wanted{ { QStringLiteral("goog:chromeOptions"),
                                    QJsonObject{
                                        { QStringLiteral("args"), QJsonArray::fromStringList(arguments) } } },
                                  { QStringLiteral("goog:loggingPrefs"),
                                    QJsonObject{ { QStringLiteral("performance"), QStringLiteral("ALL") },
                                                 { QStringLiteral("browser"), QStringLiteral("ALL") } } } };
        const QJsonValue session = post(
            {},
            { { QStringLiteral("capabilities"), QJsonObject{ { QStringLiteral("alwaysMatch"), wanted } } } });
        m_base += QLatin1Char('/') + session[QLatin1String("sessionId")].toString();
    }

    ~Browser()
    {
        ask("DELETE", {}, {});
        m_driver.terminate();
        m_driver.waitForFinished();
    }
    Browser(const Browser&) = delete;
    Browser& operator=(const Browser&) = delete;

    void open(const QString& file)
    {
        post(QStringLiteral("/url"), { { QStringLiteral("url"), QUrl::fromLocalFile(file).toString() } });
    }

    void click(const char* selector) { post(element(selector) + QStringLiteral("/click"), {}); }

    /// WebDriver's code points of keys that are no letters: "\uE012" is the left arrow.
    void type(const char* selector, const QString& keys)
    {
        post(element(selector) + QStringLiteral("/value"), { { QStringLiteral("text"), keys } });
    }

    QJsonValue run(const QString& script)
    {
        return post(QStringLiteral("/execute/sync"),
                    { { QStringLiteral("script"), script }, { QStringLiteral("args"), QJsonArray() } });
    }

    void resize(int width, int height)
    {
        post(QStringLiteral("/window/rect"),
             { { QStringLiteral("width"), width }, { QStringLiteral("height"), height } });
    }

    void preferDark(bool dark)
    {
        const QJsonObject feature{ { QStringLiteral("name"), QStringLiteral("prefers-color-scheme") },
                                   { QStringLiteral("value"),
                                     dark ? QStringLiteral("dark") : QStringLiteral("light") } };
        post(QStringLiteral("/goog/cdp/execute"),
             { { QStringLiteral("cmd"), QStringLiteral("Emulation.setEmulatedMedia") },
               { QStringLiteral("params"),
                 QJsonObject{ { QStringLiteral("features"), QJsonArray{ feature } } } } });
    }

    /// Every address that was asked for since the last call.
    QStringList requests()
    {
        QStringList addresses;
        for (const QJsonValue& entry : log("performance")) {
            const auto text = entry[QLatin1String("message")].toString().toUtf8();
            const QJsonObject message
                = QJsonDocument::fromJson(text).object()[QLatin1String("message")].toObject();
            if (message[QLatin1String("method")] == QLatin1String("Network.requestWillBeSent"))
                addresses << message[QLatin1String("params")][QLatin1String("request")][QLatin1String("url")]
                                 .toString();
        }
        return addresses;
    }

    /// What went wrong in the page since the last call.
    QStringList complaints()
    {
        QStringList lines;
        for (const QJsonValue& entry : log("browser"))
            lines << entry[QLatin1String("message")].toString();
        return lines;
    }

private:
    QJsonArray log(const char* type)
    {
        return post(QStringLiteral("/se/log"), { { QStringLiteral("type"), QLatin1String(type) } }).toArray();
    }

    QString element(const char* selector)
    {
        const QJsonValue found = post(QStringLiteral("/element"),
                                      { { QStringLiteral("using"), QStringLiteral("css selector") },
                                        { QStringLiteral("value"), QString::fromUtf8(selector) } });
        const QJsonObject named = found.toObject(); // by a name that the standard fixes
        return QStringLiteral("/element/") + named.begin().value().toString();
    }

    QJsonValue post(const QString& path, const QJsonObject& body) { return ask("POST", path, body); }

    QJsonValue ask(const char* verb, const QString& path, const QJsonObject& body)
    {
        QNetworkRequest request{ QUrl(m_base + path) };
        request.setHeader(QNetworkRequest::ContentTypeHeader, QStringLiteral("application/json"));
        QNetworkReply* reply = m_network.sendCustomRequest(request, verb, QJsonDocument(body).toJson());
        QEventLoop loop;
        QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
        loop.exec();
        const QJsonValue value = QJsonDocument::fromJson(reply->readAll()).object()[QLatin1String("value")];
        if (reply->error() != QNetworkReply::NoError)
            qFatal("The browser refuses %s: %s", qPrintable(path),
                   qPrintable(value[QLatin1String("message")].toString()));
        reply->deleteLater();
        return value;
    }

    QTemporaryDir m_profile;
    QProcess m_driver;
    QNetworkAccessManager m_network;
    QString m_base;
};

} // namespace reverie::ui
