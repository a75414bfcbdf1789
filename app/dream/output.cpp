// SPDX-License-Identifier: MIT
#include "app/dream/output.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace {

std::string fixed(double value, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

} // namespace

Output::Output(bool json)
    : m_json(json)
    , m_terminal(isatty(STDERR_FILENO) == 1)
{
}

Output::~Output()
{
    clearProgress();
}

void Output::result(const std::string& line)
{
    if (m_json)
        return;
    clearProgress();
    std::cout << line << std::endl;
}

void Output::object(const nlohmann::json& object)
{
    if (m_json)
        std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void Output::note(const std::string& sentence)
{
    if (m_json)
        return;
    clearProgress();
    std::cerr << sentence << std::endl;
}

void Output::warning(const std::string& sentence)
{
    clearProgress();
    std::cerr << "Warning: " << printable(sentence) << std::endl;
    object({ { "type", "warning" }, { "message", sentence } });
}

void Output::progress(const std::string& line)
{
    const auto now = std::chrono::steady_clock::now();
    if (m_json || !m_terminal || now - m_lastProgress < std::chrono::milliseconds(100))
        return;
    m_lastProgress = now;
    m_lineShown = true;
    std::cerr << "\r\x1b[K" << line << std::flush;
}

void Output::clearProgress()
{
    if (m_lineShown)
        std::cerr << "\r\x1b[K" << std::flush;
    m_lineShown = false;
}

std::string progressBar(double share)
{
    constexpr int width = 24;
    const int filled = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width));
    return "[" + std::string(filled, '#') + std::string(width - filled, '-') + "]";
}

std::string durationText(double seconds)
{
    const auto whole = std::llround(std::max(0.0, seconds));
    if (whole < 60)
        return std::to_string(whole) + " s";
    if (whole < 3600)
        return std::to_string((whole + 30) / 60) + " min";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string countText(std::int64_t count)
{
    if (count < 10'000)
        return std::to_string(count);
    if (count < 1'000'000)
        return fixed(static_cast<double>(count) / 1e3, 1) + " thousand";
    return fixed(static_cast<double>(count) / 1e6, 1) + " million";
}

std::string bytesText(std::uintmax_t bytes)
{
    constexpr std::uintmax_t gib = 1U << 30U;
    const double value = static_cast<double>(bytes);
    return bytes >= gib ? fixed(value / gib, 1) + " GiB" : fixed(value / (1U << 20U), 1) + " MiB";
}

std::string printable(std::string text)
{
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text;
}
