// SPDX-License-Identifier: MIT
#include "ui/session/run_numbers.h"

#include "core/run/run_status.h"

#include <tuple>

namespace reverie::ui {

void RunNumbers::goBack(const std::string& part, double step, bool rollback)
{
    const auto order = part_order(part);
    for (auto& [key, table] : tables) {
        if (part_order(key.part) > order)
            table.clear();
        else if (part_order(key.part) == order)
            table.truncateAfter(step);
    }
    std::erase_if(events, [&](const RunEvent& event) {
        const bool past = std::tuple(part_order(event.part), event.step) > std::tuple(order, step);
        return past && (rollback || !event.lasts);
    });
}

double RunNumbers::lastSecond() const
{
    double last = 0;
    for (const auto& [key, table] : tables)
        if (table.rows() > 0)
            last = std::max(last, table.seconds().back());
    return last;
}

std::vector<std::string> RunNumbers::parts() const
{
    std::vector<std::string> parts;
    for (const auto& [key, table] : tables)
        if (table.rows() > 0 && key.split != "facts"
            && std::find(parts.begin(), parts.end(), key.part) == parts.end())
            parts.push_back(key.part);
    std::stable_sort(parts.begin(), parts.end(), [](const std::string& a, const std::string& b) {
        return part_order(a) < part_order(b);
    });
    return parts;
}

} // namespace reverie::ui
