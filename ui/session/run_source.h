// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_numbers.h"

#include <filesystem>
#include <memory>
#include <stop_token>

namespace reverie::ui {

/// Where the numbers of a run come from, read on as they grow. One thread at a time, never the window's.
class RunSource
{
public:
    /// The reader for a run's folder, a TensorBoard event file, or a folder of such files.
    static std::unique_ptr<RunSource> open(const std::filesystem::path& place);

    RunSource() = default;
    virtual ~RunSource() = default;
    RunSource(const RunSource&) = delete;
    RunSource& operator=(const RunSource&) = delete;

    /// Reads about `limit` bytes more. True if there is more for now.
    virtual bool read(std::size_t limit, const std::stop_token& stop) = 0;
    /// One sentence on what can't be read; empty if all can. `isOver`: nobody writes any more.
    [[nodiscard]] virtual QString trouble(bool isOver) const = 0;

    [[nodiscard]] RunNumbers& numbers() { return m_numbers; }

protected:
    RunNumbers m_numbers;
};

} // namespace reverie::ui
