// SPDX-License-Identifier: MIT
#include "ui/session/run_launcher.h"

#include "ui/session/path.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/run/run_list.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStandardPaths>

#include <algorithm>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RunLauncher", text);
}

qint64 startDetached(const QString& program, const QStringList& arguments, const QString& folder)
{
    if (program.isEmpty())
        throw Error(tr("The program dream, which trains, is not beside this one; install Reverie's packages "
                       "again.")
                        .toStdString());
    if (!QDir().mkpath(folder))
        throw Error(tr("%1 can't be created; choose a place you have access to.").arg(folder).toStdString());
    QProcess process;
    process.setProgram(program);
    process.setArguments(arguments);
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardOutputFile(QProcess::nullDevice());
    process.setStandardErrorFile(folder + QStringLiteral("/log.txt"), QIODevice::Append);
    qint64 pid = 0;
    if (!process.startDetached(&pid))
        throw Error(tr("%1 can't be started (%2); install Reverie's packages again.")
                        .arg(program, process.errorString())
                        .toStdString());
    return pid;
}

/// The run of `line` that no other of it waits for.
QString lastOf(const QList<RunEntry>& line)
{
    for (const RunEntry& run : line)
        if (std::none_of(line.begin(), line.end(),
                         [&](const auto& other) { return other.after == run.path; }))
            return run.path;
    return line.isEmpty() ? QString() : line.last().path;
}

} // namespace

QString dreamProgram()
{
    const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/dream");
    return QFileInfo(beside).isExecutable() ? beside
                                            : QStandardPaths::findExecutable(QStringLiteral("dream"));
}

QStringList trainArguments(const TrainRequest& request)
{
    QStringList arguments{ QStringLiteral("train"), QString::fromStdString(request.what),
                           QStringLiteral("--json") };
    const auto add = [&](const char* name, const QString& value) {
        if (!value.isEmpty())
            arguments << QLatin1String(name) + QLatin1Char('=') + value;
    };
    add("--data", QString::fromStdString(request.data));
    add("--run", toQString(request.run));
    add("--preset", QString::fromStdString(request.preset));
    add("--config", toQString(request.config));
    for (const auto& setting : request.set)
        add("--set", QString::fromStdString(setting));
    add("--init", toQString(request.init));
    add("--unet", request.unet > 0 ? QString::number(request.unet) : QString());
    add("--after", toQString(request.after));
    add("--device", QString::fromStdString(request.device));
    add("--dtype", QString::fromStdString(request.dtype));
    add("--threads", request.threads > 0 ? QString::number(request.threads) : QString());
    return arguments;
}

LaunchedRun launchRun(const QString& program, RunOrder order)
{
    TrainRequest& request = order.request;
    if (request.run.empty())
        request.run = new_run_folder(request.what);
    const QString folder = toQString(request.run);
    if (QFileInfo::exists(folder + QStringLiteral("/run.json")))
        throw Error(tr("%1 holds a run already; choose another name.").arg(folder).toStdString());
    if (!order.configuration.isEmpty()) {
        QDir().mkpath(folder);
        request.config = request.run / "base.json";
        write_file(request.config, order.configuration.toStdString());
    }
    return { folder, startDetached(program, trainArguments(request), folder) };
}

LaunchedRun relaunchRun(const QString& program, const QString& folder)
{
    return { folder,
             startDetached(
                 program,
                 { QStringLiteral("train"), QStringLiteral("--json"), QStringLiteral("--resume=") + folder },
                 folder) };
}

RunOrder orderOf(const QString& folder)
{
    const auto document
        = QJsonDocument::fromJson(QByteArray::fromStdString(read_file(toPath(folder) / "run.json")));
    const QJsonObject run = document.object();
    if (!run[QLatin1String("config")].isObject())
        throw Error(tr("%1/run.json says nothing of how the run was made, so it can't be made again.")
                        .arg(folder)
                        .toStdString());
    RunOrder order;
    order.configuration = QJsonDocument(run[QLatin1String("config")].toObject()).toJson();
    order.request.what = run[QLatin1String("what")].toString(QStringLiteral("all")).toStdString();
    order.request.unet = run[QLatin1String("unet")].toInt();
    order.request.init = toPath(run[QLatin1String("init")].toString());
    order.request.device = run[QLatin1String("device")].toString(QStringLiteral("auto")).toStdString();
    order.request.threads = run[QLatin1String("threads")].toInt();
    return order;
}

QString deviceOf(const RunEntry& run, const QStringList& devices)
{
    const QString device = run.runsOn.isEmpty() ? run.device : run.runsOn;
    if (device == QLatin1String("cuda"))
        return QStringLiteral("cuda:0");
    return device.isEmpty() || device == QLatin1String("auto") ? devices.value(0) : device;
}

QueuePlace queuePlace(const QList<RunEntry>& runs, const QStringList& devices)
{
    QueuePlace best{ devices.value(0), {} };
    qsizetype fewest = -1;
    for (const QString& device : devices) {
        QList<RunEntry> line;
        for (const RunEntry& run : runs)
            if (run.isAlive() && run.isLocal && deviceOf(run, devices) == device)
                line << run;
        if (fewest < 0 || line.size() < fewest) {
            fewest = line.size();
            best = { device, lastOf(line) };
        }
    }
    return best;
}

QString deviceBehind(const QList<RunEntry>& runs, const QString& after, const QStringList& devices)
{
    for (const RunEntry& run : runs)
        if (run.path == after)
            return deviceOf(run, devices);
    return queuePlace(runs, devices).device;
}

} // namespace reverie::ui
