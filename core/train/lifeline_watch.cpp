// SPDX-License-Identifier: MIT
#include "core/train/lifeline.h"
#include "core/train/sockets.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace reverie {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto stuck_after = std::chrono::seconds(5);
constexpr std::size_t longest_line = 1 << 16;

} // namespace

/// On a thread of its own: what the other side says, and its end.
void Lifeline::watch(const std::stop_token& stop)
{
    std::optional<Clock::time_point> lost_at;
    while (!stop.stop_requested()) {
        std::vector<pollfd> waits{ { wake_, POLLIN, 0 } };
        {
            const std::lock_guard lock(mutex_);
            if (listener_ >= 0)
                waits.push_back({ listener_, POLLIN, 0 });
            for (const auto& connection : connections_)
                waits.push_back({ connection.socket, POLLIN, 0 });
        }
        poll(waits.data(), waits.size(), /*ms=*/500);
        if (stop.stop_requested())
            return;
        std::unique_lock lock(mutex_);
        const auto is_ready = [&waits](int socket) {
            return std::any_of(waits.begin(), waits.end(), [socket](const pollfd& wait) {
                return wait.fd == socket && wait.revents != 0;
            });
        };
        for (auto& connection : connections_)
            if (is_ready(connection.socket))
                read_from(connection);
        std::erase_if(connections_, [](const Connection& connection) { return connection.socket < 0; });
        if (listener_ >= 0 && is_ready(listener_))
            accept_connection();
        if (!lost_at && lost_)
            lost_at = Clock::now();
        if (lost_at && stuck_act_ && Clock::now() - *lost_at > stuck_after) {
            std::exchange(stuck_act_, nullptr)(*lost_); // with the lock, so that on_stuck() waits for it
        }
    }
}

void Lifeline::accept_connection()
{
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0)
        return;
    keep_alive(socket);
    connections_.push_back({ socket, -1, "", {}, false });
}

void Lifeline::read_from(Connection& connection)
{
    std::array<char, 4096> bytes{};
    const auto got = recv(connection.socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got > 0)
        connection.unread.append(bytes.data(), std::size_t(got));
    for (auto end = connection.unread.find('\n'); end != std::string::npos && connection.socket >= 0;
         end = connection.unread.find('\n')) {
        const auto line = connection.unread.substr(0, end);
        connection.unread.erase(0, end + 1);
        take_line(connection, line);
    }
    if (got <= 0 || connection.unread.size() > longest_line)
        take_end(connection);
}

void Lifeline::take_line(Connection& connection, const std::string& line)
{
    std::istringstream words(line);
    std::string word, password;
    words >> word;
    if (word == "hello") {
        int rank = -1;
        words >> password >> rank >> std::ws;
        if (password != password_ || connection.rank >= 0)
            return take_end(connection);
        if (rank_ == 0 && !is_awaited(rank))
            return turn_away(connection, rank);
        std::getline(words, connection.name);
        connection.rank = rank;
        if (rank_ == 0)
            send_line(connection.socket, "hello " + password_ + " 0 " + own_name_);
    } else if (connection.rank < 0) {
        return take_end(connection); // a stranger
    } else if (word == "stop") {
        stop_asked_ = true;
        if (stop_act_)
            stop_act_();
    } else if (word == "goodbye") {
        connection.done = true;
    } else if (word == "lost") {
        int rank = -1;
        words >> rank >> std::ws;
        std::string sentence;
        std::getline(words, sentence);
        note_loss(sentence, rank);
    }
    changed_.notify_all();
}

bool Lifeline::is_awaited(int rank) const
{
    return rank > 0 && rank < ranks_
        && std::none_of(connections_.begin(), connections_.end(),
                        [rank](const Connection& connection) { return connection.rank == rank; });
}

/// A process of another run that meets at the same port. It hears why together with the answer it waits for.
void Lifeline::turn_away(Connection& connection, int rank)
{
    send_line(connection.socket,
              "hello " + password_ + " 0 " + own_name_ + "\nlost 0 rank " + std::to_string(rank)
                  + (rank < ranks_ ? " is there already" : " is not one of " + std::to_string(ranks_))
                  + "; give each run a MASTER_PORT of its own.");
    take_end(connection);
}

void Lifeline::take_end(Connection& connection)
{
    close(std::exchange(connection.socket, -1));
    if (connection.rank >= 0 && !connection.done && !leaving_)
        note_loss(connection.name + " ended", connection.rank);
    if (rank_ > 0 && connection.rank < 0) // turned away
        note_loss("rank 0 ended", 0);
}

/// With the lock held.
void Lifeline::note_loss(const std::string& sentence, int rank)
{
    if (lost_)
        return;
    lost_ = sentence;
    lost_rank_ = rank;
    if (rank_ == 0)
        for (const auto& connection : connections_)
            if (connection.socket >= 0)
                send_line(connection.socket, "lost " + std::to_string(rank) + " " + sentence);
    changed_.notify_all();
}

} // namespace reverie
