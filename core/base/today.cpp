// SPDX-License-Identifier: MIT
#include "core/base/today.h"

#include <array>
#include <ctime>

namespace reverie {

std::string today()
{
    const std::time_t time = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc);
    return text.data();
}

} // namespace reverie
