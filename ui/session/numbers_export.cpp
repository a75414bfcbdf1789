// SPDX-License-Identifier: MIT
#include "ui/session/numbers_export.h"

#include "ui/session/chart_curves.h"
#include "ui/session/path.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <array>
#include <charconv>
#include <set>

namespace reverie::ui {

namespace {

/// The shortest text that is read as the same number; nothing for what is none.
std::string text(double value)
{
    std::array<char, 32> digits{};
    if (!std::isfinite(value))
        return {};
    return { digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr };
}

std::string quoted(const std::string& word)
{
    if (word.find_first_of(",\"\n\r") == std::string::npos)
        return word;
    std::string result = "\"";
    for (const char c : word)
        result += c == '"' ? "\"\"" : std::string(1, c);
    return result + "\"";
}

std::set<std::string> numberNames(const std::vector<RunSource*>& sources, const QString& part)
{
    std::set<std::string> names;
    for (auto* source : sources)
        for (const auto& [key, table] : source->numbers().tables)
            if (key.part == partOf(source->numbers(), part) && key.split != "facts")
                for (const auto& name : table.names())
                    names.insert(name);
    return names;
}

} // namespace

void writeNumbers(const QString& file, const QStringList& runs, const std::vector<RunSource*>& sources,
                  const QString& part, const std::stop_token& stop)
{
    const auto names = numberNames(sources, part);
    write_file(toPath(file), [&](const Sink& sink) {
        std::string line = "run,part,split,step,pictures,seconds";
        for (const auto& name : names)
            line += "," + quoted(name);
        sink(line + "\n");
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const auto& numbers = sources[i]->numbers();
            for (const auto& [key, table] : numbers.tables) {
                if (key.part != partOf(numbers, part) || key.split == "facts")
                    continue;
                const auto pictures = rowsOf(numbers, key, table, ChartX::Pictures);
                const auto seconds = rowsOf(numbers, key, table, ChartX::Time);
                for (std::size_t row = 0; row < table.rows(); ++row) {
                    if (stop.stop_requested())
                        throw Error("The table was not finished."); // and none is left
                    line = quoted(runs.value(qsizetype(i)).toStdString()) + "," + quoted(key.part) + ","
                        + key.split + "," + text(table.steps()[row]) + "," + text(pictures.at(row)) + ","
                        + text(seconds.at(row));
                    for (const auto& name : names) {
                        const auto* column = table.column(name);
                        line += "," + (column ? text(column->values()[row]) : std::string());
                    }
                    sink(line + "\n");
                }
            }
        }
    });
}

} // namespace reverie::ui
