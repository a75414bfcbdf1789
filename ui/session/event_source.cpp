// SPDX-License-Identifier: MIT
#include "ui/session/event_source.h"

#include <QCoreApplication>

#include <cctype>

namespace reverie::ui {

namespace {

namespace fs = std::filesystem;

bool isEventFile(const fs::path& file)
{
    return file.filename().string().find("tfevents") != std::string::npos;
}

std::string lower(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return result;
}

bool isSplit(std::string_view text)
{
    return text == "train" || text == "valid" || text == "test" || text == "facts";
}

struct Tag {
    TableKey key;
    std::string name;
};

Tag understood(std::string_view tag)
{
    const auto first = tag.find('/'), second = tag.find('/', first + 1);
    if (second != std::string_view::npos && isSplit(tag.substr(first + 1, second - first - 1)))
        return { { std::string(tag.substr(0, first)),
                   std::string(tag.substr(first + 1, second - first - 1)) },
                 std::string(tag.substr(second + 1)) };
    const auto plain = lower(tag);
    const auto has = [&](std::string_view word) { return plain.find(word) != std::string::npos; };
    const char* split = has("val") ? "valid" : "train";
    if (has("loss") && !has("smooth"))
        return { { {}, split }, "loss" };
    if (has("grad") && has("norm"))
        return { { {}, split }, "grad_norm" };
    if (has("samples per second") || has("samples_per_s"))
        return { { {}, split }, "samples_per_s" };
    if (plain == "lr" || plain.ends_with("/lr") || plain.starts_with("lr/") || has("learning rate")
        || has("learning_rate"))
        return { { {}, split }, "lr" };
    return { { {}, split }, std::string(tag) };
}

} // namespace

EventSource::EventSource(const fs::path& place)
    : m_place(place)
{
}

bool EventSource::holdsEvents(const fs::path& place)
{
    std::error_code error;
    if (fs::is_regular_file(place, error))
        return isEventFile(place);
    for (fs::directory_iterator it(place, error), end; !error && it != end; it.increment(error))
        if (isEventFile(it->path()))
            return true;
    return false;
}

void EventSource::findFiles()
{
    std::error_code error;
    std::vector<fs::path> files;
    if (fs::is_regular_file(m_place, error))
        files.push_back(m_place);
    else
        for (fs::directory_iterator it(m_place, error), end; !error && it != end; it.increment(error))
            if (isEventFile(it->path()))
                files.push_back(it->path());
    m_missing = files.empty();
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
        if (std::none_of(m_files.begin(), m_files.end(),
                         [&](const auto& reader) { return reader->path() == file; }))
            m_files.push_back(std::make_unique<EventReader>(file));
}

bool EventSource::read(std::size_t limit, const std::stop_token& stop)
{
    findFiles();
    bool more = false;
    for (auto& file : m_files) {
        const auto outcome = file->read(
            limit, [this](const EventScalar& scalar) { take(scalar); }, stop);
        if (outcome == GrowingFile::Outcome::restarted) {
            m_numbers = {};
            m_files.clear();
            m_begin = 0;
            return true;
        }
        more = more || outcome == GrowingFile::Outcome::more;
    }
    return more;
}

void EventSource::take(const EventScalar& scalar)
{
    const auto [key, name] = understood(scalar.tag);
    if (name == "time" || name == "wall_time")
        return;
    const double step = double(scalar.step);
    m_begin = m_begin == 0 ? scalar.wall_time : m_begin;
    auto& table = m_numbers.tables[key];
    // A row is a step; of several numbers for one, such as a sum over all stages, the last counts.
    if (table.rows() > 0 && step < table.steps().back())
        table.truncateAfter(step - 1); // what another session goes on from
    if (table.rows() == 0 || step > table.steps().back())
        table.beginRow(step, scalar.wall_time - m_begin);
    table.set(name, scalar.value);
    if (key.split == "facts" && name == "batch" && scalar.value > 0)
        m_numbers.batches[key.part] = scalar.value;
}

QString EventSource::trouble(bool) const
{
    const auto text
        = [](const char* source) { return QCoreApplication::translate("reverie::ui::EventSource", source); };
    if (m_missing && !m_files.empty())
        return text("The event files can't be reached now; what is shown was read before.");
    for (const auto& file : m_files)
        if (file->is_damaged())
            return text("%1 is damaged; what comes before the damage is shown.")
                .arg(QString::fromStdString(file->path().filename().string()));
    if (m_numbers.tables.empty())
        return text("There are no numbers in the event files.");
    return {};
}

} // namespace reverie::ui
