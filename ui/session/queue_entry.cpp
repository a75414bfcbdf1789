// SPDX-License-Identifier: MIT
#include "ui/session/queue_entry.h"

namespace reverie::ui {

RemainingPictures remainingPictures(const QueueEntry& entry)
{
    RemainingPictures remaining{ entry.request, {} };
    GenerateRequest& request = remaining.request;
    request.prompts.clear();
    request.seeds.clear();
    request.count = 1;
    for (int i = 0; i < entry.pictures(); ++i) {
        if (entry.saved.count(i) > 0)
            continue;
        request.prompts.push_back(entry.request.prompts.at(i / entry.request.count));
        request.seeds.push_back(entry.request.seeds.empty() ? entry.request.seed + i
                                                            : entry.request.seeds.at(i));
        remaining.indices.push_back(i);
    }
    return remaining;
}

} // namespace reverie::ui
