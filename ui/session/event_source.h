// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_source.h"

#include "core/run/event_reader.h"

namespace reverie::ui {

/// TensorBoard event files, Reverie's or others'. "clip/train/loss" is the training loss of clip; of other
/// programs' tags, those that name a loss are taken for one, and all belong to one part without a name.
class EventSource : public RunSource
{
public:
    /// A folder of event files, or one.
    explicit EventSource(const std::filesystem::path& place);

    static bool holdsEvents(const std::filesystem::path& place);

    bool read(std::size_t limit, const std::stop_token& stop) override;
    [[nodiscard]] QString trouble(bool isOver) const override;

private:
    void findFiles();
    void take(const EventScalar& scalar);

    std::filesystem::path m_place;
    std::vector<std::unique_ptr<EventReader>> m_files; ///< oldest first
    bool m_missing = false;
    double m_begin = 0; ///< seconds since 1970
};

} // namespace reverie::ui
