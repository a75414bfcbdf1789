// SPDX-License-Identifier: MIT
#include "ui/session/run_entry.h"

#include "ui/session/path.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QVersionNumber>

#include <algorithm>
#include <array>
#include <tuple>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RunEntry", text);
}

/// None if there is no such file, with a sentence if it is there and no JSON object.
QJsonObject readObject(const QString& path, QString& trouble)
{
    QFile file(path);
    if (!file.open(QFile::ReadOnly)) {
        if (file.exists())
            trouble = tr("%1 can't be opened.").arg(QFileInfo(path).fileName());
        return {};
    }
    const auto document = QJsonDocument::fromJson(file.readAll());
    if (!document.isObject())
        trouble = tr("%1 is damaged; what it said is missing here.").arg(QFileInfo(path).fileName());
    return document.object();
}

RunStatus statusOf(const QJsonObject& object)
{
    const auto text = [&](const char* key) { return object[QLatin1String(key)].toString().toStdString(); };
    const auto number = [&](const char* key) { return object[QLatin1String(key)].toDouble(); };
    RunStatus status;
    status.state = text("state");
    status.part = text("part");
    status.step = static_cast<std::int64_t>(number("step"));
    status.steps = static_cast<std::int64_t>(number("steps"));
    status.eta_s = number("eta_s");
    status.reason = text("reason");
    status.pid = static_cast<std::int64_t>(number("pid"));
    status.process_start = static_cast<std::uint64_t>(number("process_start"));
    status.host = text("host");
    status.heartbeat = number("heartbeat");
    return status;
}

/// The run's folder out of "Waiting for ... to end."
QString awaitedRun(const QString& reason)
{
    const QString begin = QStringLiteral("Waiting for "), end = QStringLiteral(" to end.");
    return reason.startsWith(begin) && reason.endsWith(end)
        ? reason.mid(begin.size(), reason.size() - begin.size() - end.size())
        : QString();
}

bool isNewer(const QString& version)
{
    return QVersionNumber::fromString(version) > QVersionNumber::fromString(QStringLiteral(REVERIE_VERSION));
}

void readConfiguration(RunEntry& entry)
{
    const QJsonObject run = readObject(entry.path + QStringLiteral("/run.json"), entry.trouble);
    const QJsonObject config = run[QLatin1String("config")].toObject();
    entry.what = run[QLatin1String("what")].toString();
    entry.device = run[QLatin1String("device")].toString();
    entry.runsOn = run[QLatin1String("runs_on")].toString();
    entry.title = config[QLatin1String("title")].toString();
    entry.data = config[QLatin1String("data")].toString();
    if (const QString version = run[QLatin1String("reverie")].toString(); isNewer(version))
        entry.trouble = tr("It was written by Reverie %1, which is newer than this one; what is known of it "
                           "is shown.")
                            .arg(version);
}

RunEntry::State stateOf(const RunEntry& entry)
{
    using State = RunEntry::State;
    const std::string& state = entry.status.state;
    if (state == "finished")
        return State::Finished;
    if (state == "stopped")
        return State::Stopped;
    if (state == "failed")
        return State::Failed;
    if (!unknownStateText(state).isEmpty())
        return State::Unknown;
    if (!entry.lives)
        return State::Died;
    if (state == "running")
        return State::Running;
    if (state == "paused")
        return State::Paused;
    return entry.after.isEmpty() ? State::Starting : State::Queued;
}

/// Of a folder without a status.
void readWithoutStatus(RunEntry& entry)
{
    const QDir folder(entry.path);
    if (!folder.exists()) {
        entry.trouble = tr("Its folder is gone; it comes back here when the folder does.");
        return;
    }
    if (folder.exists(QStringLiteral("run.json"))) {
        if (entry.trouble.isEmpty())
            entry.trouble = tr("It has no status.json, so nothing is known of how it stands.");
        return;
    }
    if (!folder.entryList({ QStringLiteral("events.out.tfevents.*") }, QDir::Files).isEmpty()) {
        entry.state = RunEntry::State::Events;
        entry.trouble.clear();
        return;
    }
    entry.state = RunEntry::State::Failed;
    entry.reason = lastLogLine(entry.path);
    if (entry.reason.isEmpty())
        entry.reason = tr("It ended before it began.");
}

} // namespace

QString RunEntry::name() const
{
    return QFileInfo(path).fileName();
}

bool RunEntry::isAlive() const
{
    return state == State::Queued || state == State::Starting || state == State::Running
        || state == State::Paused || (state == State::Unknown && lives);
}

bool RunEntry::canResume() const
{
    return state == State::Paused
        || ((state == State::Stopped || state == State::Failed || state == State::Died) && hasConfiguration);
}

double RunEntry::progress() const
{
    return status.steps > 0 ? std::clamp(double(status.step) / double(status.steps), 0., 1.) : 0;
}

bool operator==(const RunEntry& a, const RunEntry& b)
{
    const auto shown = [](const RunEntry& e) {
        return std::tie(e.path, e.state, e.status.part, e.status.step, e.status.steps, e.status.eta_s,
                        e.title, e.what, e.data, e.device, e.runsOn, e.after, e.reason, e.trouble, e.bytes,
                        e.lives, e.hasConfiguration);
    };
    return shown(a) == shown(b);
}

RunEntry readRun(const QString& folder)
{
    RunEntry entry;
    entry.path = folder;
    entry.hasConfiguration = QFileInfo::exists(folder + QStringLiteral("/run.json"));
    readConfiguration(entry);
    QString trouble;
    const QJsonObject object = readObject(folder + QStringLiteral("/status.json"), trouble);
    if (!trouble.isEmpty())
        entry.trouble = trouble;
    if (object.isEmpty()) {
        readWithoutStatus(entry);
        return entry;
    }
    static const std::string here = own_process().host;
    entry.status = statusOf(object);
    entry.isLocal = entry.status.host == here;
    entry.reason = QString::fromStdString(entry.status.reason);
    entry.after = awaitedRun(entry.reason);
    entry.lives = is_alive(entry.status);
    entry.state = stateOf(entry);
    if (entry.state == RunEntry::State::Unknown)
        entry.trouble = (entry.trouble + QLatin1Char(' ') + unknownStateText(entry.status.state)).trimmed();
    if (entry.state == RunEntry::State::Died)
        entry.reason = tr("Its process ended without a word: it was killed, or the machine went down. Resume "
                          "goes on from the newest checkpoint.");
    return entry;
}

QString lastLogLine(const QString& folder)
{
    QFile file(folder + QStringLiteral("/log.txt"));
    if (!file.open(QFile::ReadOnly))
        return {};
    constexpr qint64 enough = 2000;
    file.seek(std::max<qint64>(0, file.size() - enough));
    return QString::fromUtf8(file.readAll()).trimmed().section(QLatin1Char('\n'), -1);
}

QString unknownStateText(const std::string& state)
{
    static const std::array known{ "starting", "running", "paused", "finished", "stopped", "failed" };
    if (std::find(known.begin(), known.end(), state) != known.end())
        return {};
    return state.empty() ? tr("Its status.json says nothing of its state.")
                         : tr("Its state is \"%1\", which this version of Reverie does not know; a newer one "
                              "does.")
                               .arg(QString::fromStdString(state));
}

QString stateName(RunEntry::State state)
{
    switch (state) {
    case RunEntry::State::Queued:
        return tr("Queued");
    case RunEntry::State::Starting:
        return tr("Starting");
    case RunEntry::State::Running:
        return tr("Running");
    case RunEntry::State::Paused:
        return tr("Paused");
    case RunEntry::State::Finished:
        return tr("Finished");
    case RunEntry::State::Stopped:
        return tr("Stopped");
    case RunEntry::State::Failed:
        return tr("Failed");
    case RunEntry::State::Died:
        return tr("Died");
    case RunEntry::State::Unknown:
        return tr("Unknown state");
    case RunEntry::State::Events:
        return tr("TensorBoard");
    case RunEntry::State::Unreadable:
        break;
    }
    return tr("Unreadable");
}

QString partName(const QString& part)
{
    if (part.startsWith(QLatin1String("unet")))
        return tr("decoder stage %1").arg(part.mid(4));
    if (part == QLatin1String("clip"))
        return tr("CLIP");
    return part == QLatin1String("tokenizer") ? tr("vocabulary") : part;
}

} // namespace reverie::ui
