// SPDX-License-Identifier: MIT
#include "core/run/metrics_reader.h"

#include "core/run/metrics.h"

#include <string>

namespace reverie {

namespace {

constexpr std::size_t longest_line = 4 << 20;

} // namespace

MetricsReader::MetricsReader(const std::filesystem::path& run)
    : file_(run / "metrics.jsonl")
{
}

GrowingFile::Outcome MetricsReader::read(std::size_t limit, const OnLine& on_line,
                                         const std::stop_token& stop)
{
    const auto outcome = file_.read(
        limit,
        [&](std::string_view text) {
            std::size_t taken = 0;
            for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', taken)) {
                if (!skipping_)
                    hand_on(text.substr(taken, end - taken), on_line);
                skipping_ = false;
                taken = end + 1;
            }
            if (text.size() - taken < longest_line)
                return taken;
            unreadable_ += skipping_ ? 0 : 1;
            skipping_ = true;
            return text.size();
        },
        stop);
    if (outcome == GrowingFile::Outcome::restarted) {
        unreadable_ = 0;
        skipping_ = false;
    }
    return outcome;
}

void MetricsReader::hand_on(std::string_view text, const OnLine& on_line)
{
    if (text.find_first_not_of(" \t\r") == std::string_view::npos)
        return;
    if (scan_flat_object(text, fields_)) {
        on_line(fields_);
        return;
    }
    const auto line = metrics_line(std::string(text));
    if (!line) {
        ++unreadable_;
        return;
    }
    const auto word = [&](std::string_view name, std::string_view word) {
        fields_.push_back({ .name = name, .word = word, .is_word = true });
    };
    fields_.clear();
    word("part", line->part);
    word("split", line->split);
    word("event", line->event);
    fields_.push_back({ .name = "step", .number = double(line->step) });
    for (const auto& [name, number] : line->numbers)
        fields_.push_back({ .name = name, .number = number });
    for (const auto& [name, text_of] : line->words)
        word(name, text_of);
    on_line(fields_);
}

} // namespace reverie
