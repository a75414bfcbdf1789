// SPDX-License-Identifier: MIT
#include "ui/session/run_follower.h"

#include "ui/session/event_source.h"
#include "ui/session/path.h"
#include "ui/session/run_entry.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QVersionNumber>

namespace reverie::ui {

namespace {

constexpr auto samples_period = std::chrono::seconds(2);
constexpr qsizetype longest_log = 512 * 1024; ///< characters

QString text(const char* source)
{
    return QCoreApplication::translate("reverie::ui::RunFollower", source);
}

} // namespace

RunFollower::RunFollower(const QString& place)
    : m_place(toPath(place))
    , m_source(RunSource::open(m_place))
    , m_log(m_place / "log.txt")
{
    m_state.place = place;
    m_state.name = QFileInfo(place).fileName();
    m_state.reading = true;
    m_isEvents = dynamic_cast<EventSource*>(m_source.get()) != nullptr;
}

const RunState& RunFollower::read(std::size_t limit, const std::stop_token& stop)
{
    const bool more = m_source->read(limit, stop);
    readOptions();
    readStatus();
    readLog(stop);
    readNumbers();
    findSamples();
    m_state.reading = more;
    m_state.trouble = more ? QString() : trouble(); // what the end says is known there
    return m_state;
}

void RunFollower::readOptions()
{
    if (!m_state.options.isEmpty() || m_isEvents)
        return;
    m_optionsTrouble.clear();
    try {
        m_state.options = runOptions(m_place);
    } catch (const std::exception&) {
        m_optionsTrouble = text("Its configuration, run.json, can't be read.");
    }
    const auto writer = m_state.options.value(QStringLiteral("reverie"));
    if (QVersionNumber::fromString(writer) > QVersionNumber::fromString(QStringLiteral(REVERIE_VERSION)))
        m_optionsTrouble
            = text("This run was started by Reverie %1, which is newer than this one (%2); what it adds "
                   "is not shown.")
                  .arg(writer, QStringLiteral(REVERIE_VERSION));
}

void RunFollower::readStatus()
{
    m_state.alive = false;
    if (auto status = read_run_status(m_place)) {
        m_state.alive = is_alive(*status);
        m_state.status = std::move(status);
    }
}

void RunFollower::readLog(const std::stop_token& stop)
{
    const auto take = [this](std::string_view bytes) {
        const auto end = bytes.rfind('\n');
        if (end == std::string_view::npos)
            return bytes.size() > std::size_t(longest_log) ? bytes.size() : std::size_t(0);
        m_state.log += QString::fromUtf8(bytes.data(), qsizetype(end) + 1);
        if (m_state.log.size() > longest_log)
            m_state.log = m_state.log.mid(
                m_state.log.indexOf(QLatin1Char('\n'), m_state.log.size() - longest_log / 2) + 1);
        return end + 1;
    };
    if (m_log.read(std::size_t(8) << 20U, take, stop) == GrowingFile::Outcome::restarted)
        m_state.log.clear();
}

void RunFollower::readNumbers()
{
    m_state.parts.clear();
    auto& numbers = m_source->numbers();
    for (const auto& part : numbers.parts())
        m_state.parts += QString::fromStdString(part);
    if (m_state.parts.isEmpty())
        return;
    const auto table = numbers.tables.find({ numbers.parts().back(), "train" });
    if (table == numbers.tables.end() || table->second.rows() == 0)
        return;
    m_state.numbers.clear();
    for (const auto& name : table->second.names())
        m_state.numbers[QString::fromStdString(name)] = table->second.column(name)->values().back();
}

/// samples/<part>/<step>/00.png
void RunFollower::findSamples()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - m_lookedForSamples < samples_period)
        return;
    m_lookedForSamples = now;
    const QDir samples(toQString(m_place / "samples"));
    if (!samples.exists())
        return; // or the folder is away: what was found still shows
    QList<SampleStep> found;
    auto parts = samples.entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    std::stable_sort(parts.begin(), parts.end(), [](const QString& a, const QString& b) {
        return part_order(a.toStdString()) < part_order(b.toStdString());
    });
    for (const auto& part : parts) {
        const QDir folder(samples.filePath(part));
        const auto steps = folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
        for (const auto& name : steps) {
            bool isNumber = false;
            SampleStep step{ .part = part,
                             .step = name.toLongLong(&isNumber),
                             .folder = folder.filePath(name) };
            if (!isNumber)
                continue;
            while (QFileInfo::exists(
                QStringLiteral("%1/%2.png").arg(step.folder).arg(step.pictures, 2, 10, QLatin1Char('0'))))
                ++step.pictures;
            const auto model
                = toQString(checkpoint_folder(m_place, part.toStdString(), step.step) / "model.safetensors");
            step.model = QFileInfo::exists(model) ? model : QString();
            if (step.pictures > 0)
                found += step;
        }
    }
    m_state.samples = std::move(found);
}

QString RunFollower::trouble() const
{
    std::error_code error;
    if (!std::filesystem::exists(m_place, error))
        return m_state.parts.isEmpty()
            ? text("There is no such folder now; it shows as soon as it is back.")
            : text("The folder of this run can't be reached now; what is shown was read "
                   "before. It goes on when the folder is back.");
    if (const auto sentence = m_source->trouble(m_state.status && !m_state.alive); !sentence.isEmpty())
        return sentence;
    if (m_isEvents)
        return {};
    if (!m_state.status && m_state.parts.isEmpty() && m_state.options.isEmpty())
        return text("This folder holds no run.");
    if (!m_optionsTrouble.isEmpty())
        return m_optionsTrouble;
    if (m_state.status)
        return unknownStateText(m_state.status->state);
    return text("Its state, status.json, can't be read; the rest is shown.");
}

} // namespace reverie::ui
