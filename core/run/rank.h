// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"

#include <functional>
#include <string>

namespace reverie {

/// Which of the processes that train one model together this one is, and where they meet.
struct Rank {
    int rank = 0, ranks = 1; ///< counted from 0, and how many there are
    int local_rank = 0, local_ranks = 1; ///< the same on this machine
    std::string address = "127.0.0.1"; ///< of rank 0's machine
    int port = 29500; ///< there
    int parent = 0; ///< the process, rank 0's, that started this one as its helper; 0: something else did
    std::string agent_prefix; ///< where torchrun itself keeps that port: the place of these processes in its
                              ///< store; empty: rank 0 keeps it
};

/// By which a process tells those that it starts as helpers of its own.
inline constexpr const char* parent_variable = "REVERIE_PARENT";

/// Looks up a variable; null if it is not set.
using Environment = std::function<const char*(const char* name)>;

/// From the variables of torchrun (RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE), of Slurm's srun, or of
/// mpirun (OMPI_COMM_WORLD_..., PMI_...), in this order, and MASTER_ADDR and MASTER_PORT; a process alone if
/// there are none. Throws UsageError for ones that contradict each other.
Rank rank_from_environment(const Environment& environment);
/// From those of this process.
Rank rank_from_environment();

/// Training ended because another rank did.
struct RankError : Error {
    RankError(const std::string& sentence, bool said)
        : Error(sentence)
        , said_elsewhere(said)
    {
    }
    bool said_elsewhere; ///< rank 0 lives and says it
};

} // namespace reverie
