// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/file.h"
#include "core/run/metrics.h"
#include "core/run/run_status.h"
#include "ui/session/path.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <csignal>
#include <map>
#include <memory>

namespace reverie::ui {

/// A home of its own, and real runs of the tiny preset in it, started as from a shell.
class RunFixture
{
public:
    RunFixture()
    {
        for (const char* name : { "HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME" })
            qputenv(name, path(QString::fromLatin1(name).toLower()).toUtf8());
        // A preset of that name nearer than the one that ships, which takes minutes.
        const QString presets = path(QStringLiteral("xdg_data_home/reverie/presets"));
        QDir().mkpath(presets);
        QFile::copy(QStringLiteral(REVERIE_TEST_DATA "/train/smallest.json"),
                    presets + QStringLiteral("/tiny.json"));
    }
    ~RunFixture()
    {
        for (const QString& run : QDir(runs()).entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            kill(runs() + QLatin1Char('/') + run);
    }

    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString runs() const { return path(QStringLiteral("xdg_data_home/reverie/runs")); }
    [[nodiscard]] QString run(const QString& name) const { return runs() + QLatin1Char('/') + name; }

    /// Quick to train: a vocabulary and a CLIP.
    static QStringList clip(int steps)
    {
        return { QStringLiteral("clip"), QStringLiteral("--set=steps=%1").arg(steps) };
    }
    /// At once at the decoder's first stage, which draws samples.
    static QStringList decoder(int steps)
    {
        return { QStringLiteral("all"),
                 QStringLiteral("--set=clip.steps=1"),
                 QStringLiteral("--set=prior.steps=1"),
                 QStringLiteral("--set=decoder.steps=%1").arg(steps),
                 QStringLiteral("--set=decoder.lr=0.001"),
                 QStringLiteral("--set=decoder.warmup_steps=0"),
                 QStringLiteral("--set=decoder.schedule=constant"),
                 QStringLiteral("--set=decoder.batch=8"),
                 QStringLiteral("--set=decoder.prior_embed_share=0") };
    }

    /// Of `more`, settings weigh more than those here.
    static QStringList arguments(const QString& folder, const QStringList& what, const QStringList& more)
    {
        return QStringList{ QStringLiteral("train") } + what
            + QStringList{ QStringLiteral("--preset=tiny"),
                           QStringLiteral("--data=shapes:64"),
                           QStringLiteral("--json"),
                           QStringLiteral("--threads=1"),
                           QStringLiteral("--device=cpu"),
                           QStringLiteral("--run=") + folder,
                           QStringLiteral("--set=report_every=1"),
                           QStringLiteral("--set=sample_every=0"),
                           QStringLiteral("--set=validate_rows=0"),
                           QStringLiteral("--set=checkpoint_every=1000000") }
        + more;
    }

    /// From a shell, and ends with it.
    static std::unique_ptr<QProcess> shell(const QString& folder, const QStringList& what,
                                           const QStringList& more = {})
    {
        auto shell = std::make_unique<QProcess>();
        shell->setStandardOutputFile(QProcess::nullDevice());
        shell->start(QStringLiteral(DREAM_PROGRAM), arguments(folder, what, more));
        return shell;
    }

    /// Waits for its end.
    static void train(const QString& folder, const QStringList& what, const QStringList& more = {})
    {
        const auto run = shell(folder, what, more);
        QVERIFY(run->waitForFinished(60'000));
        QCOMPARE(run->exitCode(), 0);
    }

    /// From a shell that is gone; waits until it takes steps.
    static void begin(const QString& folder, const QStringList& what, const QStringList& more = {},
                      const char* part = nullptr)
    {
        QProcess shell;
        shell.setProgram(QStringLiteral(DREAM_PROGRAM));
        shell.setArguments(arguments(folder, what, more));
        shell.setStandardOutputFile(QProcess::nullDevice());
        shell.setStandardErrorFile(QProcess::nullDevice());
        QVERIFY(shell.startDetached());
        QTRY_VERIFY_WITH_TIMEOUT(status(folder).state == "running" && status(folder).step > 2
                                     && (!part || status(folder).part == part),
                                 60'000);
    }

    static RunStatus status(const QString& folder)
    {
        return read_run_status(toPath(folder)).value_or(RunStatus());
    }
    static bool isAlive(const QString& folder) { return is_alive(status(folder)); }

    static void kill(const QString& folder)
    {
        if (const auto now = read_run_status(toPath(folder)); now && is_alive(*now))
            ::kill(static_cast<pid_t>(now->pid), SIGKILL);
    }

    /// What holds of a run about a part.
    static std::vector<MetricsLine> lines(const QString& folder, const std::string& part,
                                          const std::string& split = "train")
    {
        auto lines = current_metrics(toPath(folder));
        std::erase_if(lines, [&](const auto& line) { return line.part != part || line.split != split; });
        return lines;
    }

    /// The training losses of a run by part and step.
    static std::map<std::pair<std::string, std::int64_t>, double> losses(const QString& folder)
    {
        std::map<std::pair<std::string, std::int64_t>, double> losses;
        for (const auto& line : current_metrics(toPath(folder)))
            if (line.split == "train")
                losses[{ line.part, line.step }] = line.numbers.at("loss");
        return losses;
    }

    /// The answers a run gave to requests with that verb.
    static std::vector<MetricsLine> answers(const QString& folder, const char* verb)
    {
        std::vector<MetricsLine> answers;
        for (const auto& line : current_metrics(toPath(folder)))
            if (const auto own = line.words.find("verb"); own != line.words.end() && own->second == verb)
                answers.push_back(line);
        return answers;
    }

    /// The learning rate of the newest step.
    static double lastRate(const QString& folder)
    {
        for (auto lines = current_metrics(toPath(folder)); !lines.empty(); lines.pop_back())
            if (lines.back().split == "train")
                return lines.back().numbers.at("lr");
        return 0;
    }

    static QJsonObject json(const QString& file)
    {
        return QJsonDocument::fromJson(QByteArray::fromStdString(read_file(toPath(file)))).object();
    }

    static void copy(const QString& from, const QString& to)
    {
        std::filesystem::copy(toPath(from), toPath(to), std::filesystem::copy_options::recursive);
    }

private:
    QTemporaryDir m_folder;
};

} // namespace reverie::ui
