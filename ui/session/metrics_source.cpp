// SPDX-License-Identifier: MIT
#include "ui/session/metrics_source.h"

#include <QCoreApplication>
#include <QLocale>

namespace reverie::ui {

namespace {

QString text(const char* source)
{
    return QCoreApplication::translate("reverie::ui::MetricsSource", source);
}

std::string_view word(const std::vector<FlatField>& fields, std::string_view name)
{
    for (const auto& field : fields)
        if (field.is_word && field.name == name)
            return field.word;
    return {};
}

double number(const std::vector<FlatField>& fields, std::string_view name)
{
    for (const auto& field : fields)
        if (!field.is_word && field.name == name)
            return field.number;
    return 0;
}

QString toQString(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

} // namespace

MetricsSource::MetricsSource(const std::filesystem::path& run)
    : m_run(run)
    , m_reader(run)
{
}

bool MetricsSource::read(std::size_t limit, const std::stop_token& stop)
{
    const auto outcome = m_reader.read(
        limit, [this](const std::vector<FlatField>& fields) { take(fields); }, stop);
    m_missing = outcome == GrowingFile::Outcome::missing;
    m_seen = m_seen || !m_missing;
    if (outcome == GrowingFile::Outcome::restarted) {
        m_numbers = {};
        m_table = nullptr;
        m_before = m_clock = 0;
        return true;
    }
    return outcome == GrowingFile::Outcome::more;
}

void MetricsSource::take(const std::vector<FlatField>& fields)
{
    std::string_view part, split, event;
    double step = 0, clock = 0;
    for (const auto& field : fields) {
        if (field.name == "part")
            part = field.word;
        else if (field.name == "split")
            split = field.word;
        else if (field.name == "event")
            event = field.word;
        else if (field.name == "step")
            step = field.number;
        else if (field.name == "time")
            clock = field.number;
    }
    if (clock < m_clock) // a new process writes; it goes on where what holds ends
        m_before = m_numbers.lastSecond();
    m_clock = clock;
    if (!event.empty())
        takeEvent({ .part = std::string(part), .step = step, .seconds = m_before + clock }, event, fields);
    else if (!split.empty())
        takeNumbers(part, split, step, fields);
}

void MetricsSource::takeNumbers(std::string_view part, std::string_view split, double step,
                                const std::vector<FlatField>& fields)
{
    if (!m_table || m_key.part != part || m_key.split != split) {
        m_key = { std::string(part), std::string(split) };
        m_table = &m_numbers.tables[m_key];
    }
    m_table->beginRow(step, m_before + m_clock);
    for (const auto& field : fields)
        if (!field.is_word && field.name != "step" && field.name != "time" && field.name != "wall_time")
            m_table->set(field.name, field.number);
    if (split == "facts" && number(fields, "batch") > 0)
        m_numbers.batches[m_key.part] = number(fields, "batch");
}

void MetricsSource::takeEvent(RunEvent event, std::string_view what, const std::vector<FlatField>& fields)
{
    const auto verb = word(fields, "verb");
    const bool done = !verb.empty() && number(fields, "ok") == 1;
    event.text = toQString(what);
    event.lasts = done && verb == "set";
    if (what == "doctor") {
        event.kind = RunEvent::Kind::Doctor;
        event.text = toQString(word(fields, "verdict"));
        event.advice = toQString(word(fields, "advice"));
    } else if (what.starts_with("Resumed at step ")) {
        event.kind = RunEvent::Kind::Resumed;
    } else if (!verb.empty()) {
        event.kind = RunEvent::Kind::Answer;
    }
    if (event.kind == RunEvent::Kind::Resumed || (done && verb == "rollback"))
        m_numbers.goBack(event.part, event.step, event.kind != RunEvent::Kind::Resumed);
    if (event.kind == RunEvent::Kind::Resumed) {
        m_before = m_numbers.lastSecond();
        event.seconds = m_before + m_clock;
    }
    m_numbers.events.push_back(std::move(event));
}

QString MetricsSource::trouble(bool isOver) const
{
    if (m_missing && m_seen)
        return text(
            "The folder of this run can't be reached now; what is shown was read before. It goes on when the "
            "folder is back.");
    if (m_missing && isOver)
        return text("This run wrote no numbers: there is no metrics.jsonl in its folder.");
    QString sentence;
    if (const auto lines = m_reader.unreadable_lines(); lines > 0)
        sentence = lines == 1 ? text("One line of metrics.jsonl can't be read and is left out.")
                              : text("%1 lines of metrics.jsonl can't be read and are left out.")
                                    .arg(QLocale().toString(qlonglong(lines)));
    else if (isOver && m_reader.ends_amid_a_line())
        sentence = text("The last line of metrics.jsonl is cut off and is left out.");
    else if (isThinned())
        sentence
            = text("This run reported more than a million times; of neighbouring numbers, the lowest and the "
                   "highest are shown.");
    return sentence;
}

bool MetricsSource::isThinned() const
{
    return std::any_of(m_numbers.tables.begin(), m_numbers.tables.end(),
                       [](const auto& entry) { return entry.second.linesPerRow() > 1; });
}

} // namespace reverie::ui
