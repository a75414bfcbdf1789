// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/training_request.h"

#include <functional>
#include <stop_token>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

/// The other processes of a training on this machine, which is rank 0 itself.
class RankProcesses
{
public:
    /// Starts ranks 1 to `count` - 1, and says to the request which place this process has. `give_up` is
    /// called on another thread a while after one of them ended in failure. Throws Error if they can't be
    /// started.
    RankProcesses(int count, reverie::TrainRequest& request);
    /// Waits a while for their end, and then ends them.
    ~RankProcesses();
    RankProcesses(const RankProcesses&) = delete;
    RankProcesses& operator=(const RankProcesses&) = delete;

private:
    struct Child {
        int rank;
        pid_t pid;
        bool ended = false;
    };
    void start(const reverie::Rank& place, const reverie::TrainRequest& request);
    std::string failed();
    void watch(const std::stop_token& stop, const std::function<void(const std::string&)>& giveUp);

    std::vector<Child> m_children;
    std::jthread m_watcher;
};
