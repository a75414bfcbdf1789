// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/metrics.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

/// Real runs of the smallest model in a folder of their own, started as a shell would.
class RunFixture
{
public:
    RunFixture()
    {
        for (const char* name : { "HOME", "XDG_DATA_HOME", "XDG_STATE_HOME" })
            qputenv(name, m_folder.filePath(QLatin1String(name)).toUtf8());
        qputenv("OMP_WAIT_POLICY", "passive");
    }
    ~RunFixture()
    {
        for (const auto pid : m_started)
            ::kill(pid_t(pid), SIGKILL);
    }
    RunFixture(const RunFixture&) = delete;
    RunFixture& operator=(const RunFixture&) = delete;

    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }

    /// Returns its folder. `settings`: "steps=20", ...
    QString train(const QString& name, const QString& what, const QStringList& settings)
    {
        QProcess dream;
        dream.setProcessChannelMode(QProcess::MergedChannels);
        dream.start(QStringLiteral(DREAM_PROGRAM), arguments(name, what, settings));
        if (!dream.waitForFinished(300'000) || dream.exitCode() == 2)
            qWarning() << dream.readAll();
        return path(name);
    }

    /// The process goes on by itself until the end of the test.
    qint64 start(const QString& name, const QString& what, const QStringList& settings)
    {
        QProcess dream;
        dream.setProgram(QStringLiteral(DREAM_PROGRAM));
        dream.setArguments(arguments(name, what, settings));
        dream.setStandardOutputFile(QProcess::nullDevice());
        dream.setStandardErrorFile(QProcess::nullDevice());
        qint64 pid = 0;
        dream.startDetached(&pid);
        m_started += pid;
        return pid;
    }

    /// What a run's folder says about training a part.
    static std::vector<reverie::MetricsLine> lines(const QString& run, const std::string& part,
                                                   const std::string& split = "train")
    {
        auto lines = reverie::current_metrics(run.toStdString());
        std::erase_if(lines, [&](const auto& line) { return line.part != part || line.split != split; });
        return lines;
    }

    static void copyFolder(const QString& from, const QString& to)
    {
        std::filesystem::copy(from.toStdString(), to.toStdString(), std::filesystem::copy_options::recursive);
    }

private:
    QStringList arguments(const QString& name, const QString& what, const QStringList& settings) const
    {
        QStringList arguments{
            QStringLiteral("train"),    what,
            QStringLiteral("--data"),   QStringLiteral("shapes"),
            QStringLiteral("--run"),    path(name),
            QStringLiteral("--config"), QStringLiteral(REVERIE_TEST_DATA "/train/smallest.json")
        };
        for (const auto& setting : settings)
            arguments << QStringLiteral("--set") << setting;
        return arguments;
    }

    QTemporaryDir m_folder;
    QList<qint64> m_started;
};
