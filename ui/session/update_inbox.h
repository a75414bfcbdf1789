// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <mutex>
#include <utility>
#include <vector>

namespace reverie::ui {

/// Progress on its way from the generator to the window. The worker puts, the window takes; of each stage
/// only the newest preview is kept, while candidates, finished pictures and warnings all arrive. At most one
/// event is in flight, because put() says whether the inbox was empty.
class UpdateInbox
{
public:
    /// True if the window has to be told.
    bool put(GenerateUpdate update)
    {
        const std::lock_guard lock(m_mutex);
        const bool idle = m_updates.empty();
        if (!idle && supersedes(update, m_updates.back())) {
            if (update.previews.empty())
                update.previews = std::move(m_updates.back().previews);
            m_updates.pop_back();
        }
        m_updates.push_back(std::move(update));
        return idle;
    }

    /// In the order they came.
    std::vector<GenerateUpdate> take()
    {
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_updates, {});
    }

private:
    static bool supersedes(const GenerateUpdate& update, const GenerateUpdate& old)
    {
        const bool lasting = !old.candidates.empty() || !old.finished.empty() || !old.warning.empty();
        return old.stage == update.stage && old.first == update.first && !lasting;
    }

    std::mutex m_mutex;
    std::vector<GenerateUpdate> m_updates;
};

} // namespace reverie::ui
