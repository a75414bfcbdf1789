// SPDX-License-Identifier: MIT
#include "core/train/lifeline.h"

#include "core/base/error.h"
#include "core/run/run_status.h"
#include "core/train/sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <sstream>
#include <sys/eventfd.h>
#include <unistd.h>

namespace reverie {

namespace {

constexpr std::size_t longest_line = 1 << 16;

Error failure(const std::string& what)
{
    return Error("The processes can't be connected (" + what + ": " + std::strerror(errno)
                 + "); check the network between them.");
}

std::string new_password()
{
    std::random_device random;
    std::ostringstream text;
    text << std::hex << random() << random() << random() << random();
    return text.str();
}

/// LibTorch's sentences go on with a backtrace.
std::string first_line(const std::string& text)
{
    return text.substr(0, std::min(text.find('\n'), longest_line / 2));
}

std::string own_name(int rank)
{
    const auto process = own_process();
    return "rank " + std::to_string(rank) + " (pid " + std::to_string(process.pid) + " on " + process.host
        + ")";
}

} // namespace

Lifeline::Lifeline(int ranks, bool this_machine_only)
    : rank_(0)
    , ranks_(ranks)
    , password_(new_password())
    , own_name_(own_name(0))
{
    listen_at(this_machine_only);
    start();
}

Lifeline::Lifeline(int rank, const std::string& address, const std::string& meeting)
    : rank_(rank)
    , ranks_(2) // of which this one knows
    , own_name_(own_name(rank))
{
    const auto space = meeting.find(' ');
    password_ = meeting.substr(space + 1);
    const int socket = connected_socket(address, meeting.substr(0, space));
    if (socket < 0)
        throw failure("rank 0 at " + address);
    keep_alive(socket);
    connections_.push_back({ socket, -1, "rank 0", {}, false });
    send_line(socket, "hello " + password_ + " " + std::to_string(rank) + " " + own_name_);
    start();
}

Lifeline::~Lifeline()
{
    watcher_.request_stop();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
    watcher_.join();
    for (const auto& connection : connections_)
        close(connection.socket);
    if (listener_ >= 0)
        close(listener_);
    close(wake_);
}

void Lifeline::listen_at(bool this_machine_only)
{
    listener_ = this_machine_only ? listening_socket("127.0.0.1") : listening_socket("::");
    if (listener_ < 0 && !this_machine_only) // a machine without IPv6
        listener_ = listening_socket("0.0.0.0");
    port_ = port_of(listener_);
    if (port_ == 0)
        throw failure("rank 0 can't listen");
}

void Lifeline::start()
{
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

std::string Lifeline::meeting() const
{
    return std::to_string(port_) + " " + password_;
}

bool Lifeline::wait_for_all(std::chrono::seconds patience, const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    const auto there = [this] {
        return lost_
            || std::count_if(connections_.begin(), connections_.end(),
                             [](const auto& connection) { return connection.rank >= 0; })
            == ranks_ - 1;
    };
    if (changed_.wait_for(lock, stop, patience, there))
        return !lost_;
    if (stop.stop_requested())
        return false;
    throw Error("Of " + std::to_string(ranks_) + " ranks " + absent() + " did not come within "
                + std::to_string(patience.count()) + " s; start one process for each.");
}

std::string Lifeline::absent() const
{
    std::string list;
    for (int rank = 1; rank < ranks_; ++rank)
        if (std::none_of(connections_.begin(), connections_.end(),
                         [rank](const auto& connection) { return connection.rank == rank; }))
            list += (list.empty() ? "" : ", ") + std::to_string(rank);
    return list;
}

std::optional<std::string> Lifeline::lost(std::chrono::milliseconds patience)
{
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return lost_.has_value(); });
    return lost_;
}

bool Lifeline::lost_rank_0() const
{
    const std::lock_guard lock(mutex_);
    return lost_rank_ == 0;
}

void Lifeline::ask_to_stop()
{
    send_to_all("stop");
}

void Lifeline::on_stop(std::function<void()> act)
{
    const std::lock_guard lock(mutex_);
    stop_act_ = std::move(act);
    if (stop_asked_ && stop_act_)
        stop_act_();
}

void Lifeline::on_stuck(std::function<void(const std::string&)> act)
{
    const std::lock_guard lock(mutex_);
    stuck_act_ = std::move(act);
}

void Lifeline::say_goodbye()
{
    send_to_all("goodbye");
    const std::lock_guard lock(mutex_);
    leaving_ = true;
}

/// Rank 0 passes on what it was told; a rank that is told something has not failed itself.
void Lifeline::say_failure(const std::string& reason)
{
    {
        const std::lock_guard lock(mutex_);
        if (lost_)
            return;
    }
    send_to_all("lost " + std::to_string(rank_) + " " + own_name_ + " ended: " + first_line(reason));
    say_goodbye();
}

void Lifeline::send_to_all(const std::string& line)
{
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_)
        send_line(connection.socket, line);
}

} // namespace reverie
