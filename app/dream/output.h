// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

/// Where a command's words go: results to stdout, everything else to stderr, a transient progress line only
/// where stderr is a terminal. With --json stdout carries one object a line and nothing else.
class Output
{
public:
    explicit Output(bool json);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    [[nodiscard]] bool isJson() const { return m_json; }
    [[nodiscard]] bool isTerminal() const { return m_terminal; }

    void result(const std::string& line); ///< not with --json
    void object(const nlohmann::json& object); ///< only with --json
    void note(const std::string& sentence); ///< not with --json
    void warning(const std::string& sentence); ///< also as {"type": "warning"}
    void progress(const std::string& line); ///< replaces the line before it, at most ten times a second
    void clearProgress();

private:
    bool m_json;
    bool m_terminal;
    bool m_lineShown = false;
    std::chrono::steady_clock::time_point m_lastProgress{};
};

/// "[#####-----]", for a share of 0 .. 1.
std::string progressBar(double share);

/// "8 s", "3 min", "2 h 5 min".
std::string durationText(double seconds);

/// "4.2 million", "812".
std::string countText(std::int64_t count);

/// "24.0 MiB".
std::string bytesText(std::uintmax_t bytes);

/// Text out of a file, with every control character replaced.
std::string printable(std::string text);
