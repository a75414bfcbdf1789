// SPDX-License-Identifier: MIT
#include "app/dream/rank_processes.h"

#include "core/base/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto lookEvery = std::chrono::milliseconds(100);
constexpr auto graceForUs = std::chrono::seconds(10), graceForThem = std::chrono::seconds(20);

/// One that is free now.
int freePort()
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool bound = listener >= 0 && bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0
        && getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(listener);
    if (!bound)
        throw reverie::Error(std::string("No port is free for several processes (") + std::strerror(errno)
                             + "); close some programs.");
    return ntohs(address.sin_port);
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (auto& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// This process' own, with a place among the ranks.
std::vector<std::string> environmentFor(const reverie::Rank& place)
{
    std::vector<std::string> own{ "RANK=" + std::to_string(place.rank),
                                  "WORLD_SIZE=" + std::to_string(place.ranks),
                                  "LOCAL_RANK=" + std::to_string(place.local_rank),
                                  "LOCAL_WORLD_SIZE=" + std::to_string(place.local_ranks),
                                  "MASTER_ADDR=" + place.address,
                                  "MASTER_PORT=" + std::to_string(place.port),
                                  std::string(reverie::parent_variable) + "=" + std::to_string(getpid()) };
    for (char** variable = environ; *variable; ++variable)
        own.emplace_back(*variable); // of two with the same name the first one counts
    return own;
}

} // namespace

RankProcesses::RankProcesses(int count, reverie::TrainRequest& request)
{
    reverie::Rank place;
    place.ranks = place.local_ranks = count;
    place.port = freePort();
    request.rank = place;
    for (int rank = 1; rank < count; ++rank) {
        place.rank = place.local_rank = rank;
        start(place, request);
    }
    m_watcher = std::jthread(
        [this, giveUp = request.give_up](const std::stop_token& stop) { watch(stop, giveUp); });
}

/// They are told by rank 0 what to do, so they take no other arguments.
void RankProcesses::start(const reverie::Rank& place, const reverie::TrainRequest& request)
{
    const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::vector<std::string> arguments{ "dream", "train", "--device", request.device };
    if (request.threads > 0)
        arguments.insert(arguments.end(), { "--threads", std::to_string(request.threads) });
    auto environment = environmentFor(place);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    Child child{ place.rank, 0 };
    const int error = posix_spawn(&child.pid, program.c_str(), &files, nullptr, pointers(arguments).data(),
                                  pointers(environment).data());
    posix_spawn_file_actions_destroy(&files);
    if (error != 0)
        throw reverie::Error("The process of rank " + std::to_string(place.rank) + " can't be started ("
                             + std::strerror(error) + "); close some programs.");
    m_children.push_back(child);
}

/// Which of them, if any; one that ended well is no failure.
std::string RankProcesses::failed()
{
    std::string sentence;
    for (auto& child : m_children) {
        int status = 0;
        if (child.ended || waitpid(child.pid, &status, WNOHANG) != child.pid)
            continue;
        child.ended = true;
        if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0)
            sentence = "Rank " + std::to_string(child.rank) + " (pid " + std::to_string(child.pid)
                + ") ended; go on from the last checkpoint with --resume.";
    }
    return sentence;
}

/// Training itself notices the end of a rank that has come as far as to train. This is for the others.
void RankProcesses::watch(const std::stop_token& stop, const std::function<void(const std::string&)>& giveUp)
{
    std::string sentence;
    Clock::time_point failedAt;
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(lookEvery);
        if (const auto now = failed(); sentence.empty() && !now.empty()) {
            sentence = now;
            failedAt = Clock::now();
        }
        if (!sentence.empty() && giveUp && Clock::now() - failedAt > graceForUs)
            return giveUp(sentence);
    }
}

RankProcesses::~RankProcesses()
{
    m_watcher.request_stop();
    if (m_watcher.joinable())
        m_watcher.join();
    const auto deadline = Clock::now() + graceForThem;
    const auto stillThere = [this] {
        failed();
        return std::any_of(m_children.begin(), m_children.end(), [](const Child& c) { return !c.ended; });
    };
    while (stillThere() && Clock::now() < deadline)
        std::this_thread::sleep_for(lookEvery);
    for (const auto& child : m_children) {
        if (child.ended)
            continue;
        kill(child.pid, SIGKILL);
        waitpid(child.pid, nullptr, 0);
    }
}
