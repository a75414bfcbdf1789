// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>
#include <thread>

/// While it lives, the first Ctrl+C (or SIGTERM) asks to stop and the second one kills. One at a time.
class Interrupt
{
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] std::stop_token token() const { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    std::thread m_watcher;
};
