// SPDX-License-Identifier: MIT
#include "app/dream/train_preview.h"

#include <array>
#include <cstdio>

namespace {

using nlohmann::json;
using reverie::RunPreview;

json toJson(const RunPreview& preview)
{
    json parts = json::array();
    for (const auto& part : preview.parts)
        parts.push_back({ { "part", part.part },
                          { "steps", part.steps },
                          { "batch", part.batch },
                          { "parameters", part.parameters },
                          { "memory_bytes", part.memory_bytes },
                          { "step_seconds", part.step_seconds },
                          { "seconds", part.seconds },
                          { "tried", part.tried } });
    return { { "type", "preview" },
             { "parts", parts },
             { "device", preview.device },
             { "memory_bytes", preview.memory_bytes },
             { "available_bytes", preview.available_bytes },
             { "disk_bytes", preview.disk_bytes },
             { "free_disk_bytes", preview.free_disk_bytes },
             { "seconds", preview.seconds },
             { "fits", preview.fits },
             { "suggestion", preview.suggestion },
             { "verdict", preview.verdict } };
}

std::string stepText(double seconds)
{
    std::array<char, 32> text{};
    if (seconds < 1)
        std::snprintf(text.data(), text.size(), "%.3g ms", 1000 * seconds);
    else
        std::snprintf(text.data(), text.size(), "%.3g s", seconds);
    return text.data();
}

void printRow(Output& output, const std::array<std::string, 7>& cells)
{
    constexpr std::array<std::size_t, 7> columns{ 10, 9, 8, 15, 11, 11, 0 };
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
        line += cells[i] + std::string(cells[i].size() < columns[i] ? columns[i] - cells[i].size() : 1, ' ');
    output.result(line.substr(0, line.find_last_not_of(' ') + 1));
}

} // namespace

ExitStatus showPreview(Output& output, const RunPreview& preview)
{
    output.object(toJson(preview));
    if (!preview.parts.empty())
        printRow(output, { "Part", "Steps", "Batch", "Parameters", "Memory", "A step", "Time" });
    bool counted = false;
    for (const auto& part : preview.parts) {
        counted = counted || !part.tried;
        printRow(output,
                 { part.part, std::to_string(part.steps), std::to_string(part.batch),
                   countText(part.parameters), bytesText(part.memory_bytes),
                   stepText(part.step_seconds) + (part.tried ? "" : " *"), durationText(part.seconds) });
    }
    output.result("");
    output.result("On " + preview.device + ". " + preview.verdict);
    if (counted)
        output.result("* counted from its products, since it could not be tried");
    if (!preview.suggestion.empty()) {
        std::string line = "Give it:";
        for (const auto& setting : preview.suggestion)
            line += " --set " + setting;
        output.result(line);
    }
    return preview.fits ? Done : Failed;
}
