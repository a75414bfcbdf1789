// SPDX-License-Identifier: MIT
#include "core/run/rank.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>

namespace reverie {

namespace {

constexpr int most_ranks = 1 << 20, highest_port = 65535, highest_pid = 1 << 22;

/// What starts processes, by the names it gives to their places.
struct Launcher {
    const char *rank, *ranks, *local_rank, *local_ranks;
};

constexpr Launcher torchrun{ "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE" };
constexpr Launcher slurm{ "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE" };
constexpr Launcher open_mpi{ "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                             "OMPI_COMM_WORLD_LOCAL_SIZE" };
constexpr Launcher other_mpi{ "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS" };

std::optional<std::string> text(const Environment& environment, const char* name)
{
    const char* value = environment(name);
    return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

std::optional<int> number(const Environment& environment, const char* name, int low, int high)
{
    const auto value = text(environment, name);
    if (!value)
        return std::nullopt;
    const bool digits = value->size() < 9 && value->find_first_not_of("0123456789") == std::string::npos;
    const int result = digits ? std::stoi(*value) : -1;
    if (result < low || result > high)
        throw UsageError("The variable " + std::string(name) + " is \"" + *value
                         + "\" and must be a whole number from " + std::to_string(low) + " to "
                         + std::to_string(high) + ".");
    return result;
}

std::optional<Rank> rank_by(const Launcher& launcher, const Environment& environment)
{
    const auto rank = number(environment, launcher.rank, 0, most_ranks);
    const auto ranks = number(environment, launcher.ranks, 1, most_ranks);
    if (!rank && !ranks)
        return std::nullopt;
    if (!rank || !ranks)
        throw UsageError("The variable " + std::string(rank ? launcher.rank : launcher.ranks) + " is set and "
                         + (rank ? launcher.ranks : launcher.rank) + " is not; set both, or none.");
    if (*rank >= *ranks)
        throw UsageError(std::string(launcher.rank) + " is " + std::to_string(*rank) + " and "
                         + launcher.ranks + " only " + std::to_string(*ranks) + "; ranks count from 0.");
    Rank result;
    result.rank = *rank;
    result.ranks = *ranks;
    result.local_rank = number(environment, launcher.local_rank, 0, most_ranks).value_or(*rank);
    result.local_ranks = number(environment, launcher.local_ranks, 1, most_ranks).value_or(*ranks);
    return result;
}

/// The first of "gpu[03-17,20],login" or "a,b".
std::string first_node(const std::string& list)
{
    const auto bracket = list.find('['), comma = list.find(',');
    if (bracket == std::string::npos || comma < bracket)
        return list.substr(0, comma);
    const auto end = list.find_first_of("-,]", bracket);
    return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1);
}

/// A batch script itself has the variables of its first task; only srun starts all of them.
bool is_batch_script(const Environment& environment)
{
    return text(environment, "SLURM_JOB_ID") && !text(environment, "SLURM_STEP_ID")
        && text(environment, slurm.rank) == "0" && !text(environment, "MASTER_ADDR");
}

/// How many tasks a node has, of "4(x2),3": two nodes with four and one with three.
std::optional<int> tasks_on(int node, const std::string& list)
{
    int nodes = 0;
    std::istringstream entries(list);
    for (std::string entry; std::getline(entries, entry, ',');) {
        int tasks = 0, times = 1;
        if (std::sscanf(entry.c_str(), "%d(x%d)", &tasks, &times) < 1 || tasks < 1)
            return std::nullopt;
        if (nodes += times; node < nodes)
            return tasks;
    }
    return std::nullopt;
}

std::optional<Rank> rank_by_slurm(const Environment& environment)
{
    if (is_batch_script(environment) || !text(environment, slurm.rank))
        return std::nullopt;
    auto rank = rank_by(slurm, environment);
    if (const auto nodes = text(environment, "SLURM_STEP_NODELIST"))
        rank->address = first_node(*nodes);
    if (const auto tasks = text(environment, "SLURM_STEP_TASKS_PER_NODE")) {
        const auto node = number(environment, "SLURM_NODEID", 0, most_ranks).value_or(0);
        rank->local_ranks = tasks_on(node, *tasks).value_or(rank->local_ranks);
    }
    if (const auto job = text(environment, "SLURM_JOB_ID")) // two jobs on one machine don't meet
        rank->port = 15000 + int(std::strtoul(job->c_str(), nullptr, 10) % 15000);
    return rank;
}

} // namespace

Rank rank_from_environment(const Environment& environment)
{
    auto rank = rank_by(torchrun, environment);
    if (!rank)
        rank = rank_by_slurm(environment);
    if (!rank)
        rank = rank_by(open_mpi, environment);
    if (!rank)
        rank = rank_by(other_mpi, environment);
    if (!rank)
        return {};
    rank->local_ranks = std::min(rank->local_ranks, rank->ranks);
    rank->address = text(environment, "MASTER_ADDR").value_or(rank->address);
    rank->port = number(environment, "MASTER_PORT", 1, highest_port).value_or(rank->port);
    rank->parent = number(environment, parent_variable, 1, highest_pid).value_or(0);
    if (text(environment, "TORCHELASTIC_USE_AGENT_STORE") == "True")
        rank->agent_prefix
            = "/worker/attempt_" + text(environment, "TORCHELASTIC_RESTART_COUNT").value_or("0");
    return *rank;
}

Rank rank_from_environment()
{
    return rank_from_environment([](const char* name) { return std::getenv(name); });
}

} // namespace reverie
