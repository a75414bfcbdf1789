// SPDX-License-Identifier: MIT
#include "core/run/metrics.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/run/run_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>

namespace reverie {

namespace {

bool is_answer_to(const MetricsLine& line, const std::string& verb)
{
    const auto own = line.words.find("verb");
    const auto ok = line.numbers.find("ok");
    return own != line.words.end() && own->second == verb && ok != line.numbers.end() && ok->second != 0;
}

} // namespace

std::optional<MetricsLine> metrics_line(const std::string& text)
{
    const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
        return std::nullopt;
    MetricsLine line;
    for (const auto& [key, value] : object.items()) {
        if (value.is_string()) {
            auto word = value.get<std::string>();
            if (key == "part")
                line.part = std::move(word);
            else if (key == "split")
                line.split = std::move(word);
            else if (key == "event")
                line.event = std::move(word);
            else
                line.words[key] = std::move(word);
        } else if (key == "step" && value.is_number()) {
            line.step = value.get<std::int64_t>();
        } else if (value.is_boolean()) {
            line.numbers[key] = value.get<bool>() ? 1 : 0;
        } else if (value.is_number()) {
            line.numbers[key] = value.get<double>();
        }
    }
    return line;
}

std::vector<MetricsLine> current_metrics(const std::filesystem::path& run)
{
    std::string text;
    try {
        text = read_file(run / "metrics.jsonl");
    } catch (const Error&) {
        return {};
    }
    std::vector<MetricsLine> lines;
    std::istringstream stream(text);
    for (std::string one; std::getline(stream, one);) {
        auto line = metrics_line(one);
        if (!line)
            continue;
        const bool rolled_back = is_answer_to(*line, "rollback");
        if (rolled_back || line->event.starts_with("Resumed at step "))
            std::erase_if(lines, [&](const MetricsLine& earlier) {
                const bool past = std::tuple(part_order(earlier.part), earlier.step)
                    > std::tuple(part_order(line->part), line->step);
                return past && (rolled_back || !is_answer_to(earlier, "set"));
            });
        lines.push_back(std::move(*line));
    }
    return lines;
}

} // namespace reverie
