// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace reverie {

/// A connection of every rank to rank 0 that says at once when one of them ends, and which: what computes may
/// be anywhere then. The kernel closes the connection of a process that was killed, and keep-alive finds the
/// machine that is gone.
class Lifeline
{
public:
    /// Rank 0's, at a port the system chooses.
    Lifeline(int ranks, bool this_machine_only);
    /// Another rank's. Throws Error if rank 0 can't be reached.
    Lifeline(int rank, const std::string& address, const std::string& meeting);
    /// Closes it without a word, as if the process had ended.
    ~Lifeline();
    Lifeline(const Lifeline&) = delete;
    Lifeline& operator=(const Lifeline&) = delete;

    /// Rank 0: what the others need to find this one, port and password.
    [[nodiscard]] std::string meeting() const;
    /// Waits until all ranks are there, or for another rank, until rank 0 has answered. False if it was
    /// stopped. Throws Error that names who did not come.
    bool wait_for_all(std::chrono::seconds patience, const std::stop_token& stop);

    /// The first rank that ended before it said goodbye, "rank 1 (pid 1234 on host) ended", if one did or
    /// does so within the time.
    std::optional<std::string> lost(std::chrono::milliseconds patience);
    [[nodiscard]] bool lost_rank_0() const;

    /// Asks rank 0 to stop, so that all do.
    void ask_to_stop();
    /// Rank 0: called when another rank asks for that, or at once if one has.
    void on_stop(std::function<void()> act);
    /// Called a while after a rank was lost, unless this object is gone by then: its owner is stuck.
    void on_stuck(std::function<void(const std::string& lost)> act);
    /// This process ends, all being well.
    void say_goodbye();
    /// It ends because of something.
    void say_failure(const std::string& reason);

private:
    struct Connection {
        int socket;
        int rank; ///< -1: has not said yet
        std::string name; ///< "rank 1 (pid 1234 on host)"
        std::string unread;
        bool done; ///< said goodbye
    };

    void listen_at(bool this_machine_only);
    void start();
    void watch(const std::stop_token& stop);
    void accept_connection();
    void read_from(Connection& connection);
    void take_line(Connection& connection, const std::string& line);
    [[nodiscard]] bool is_awaited(int rank) const;
    void turn_away(Connection& connection, int rank);
    void take_end(Connection& connection);
    void note_loss(const std::string& sentence, int rank);
    void send_to_all(const std::string& line);
    [[nodiscard]] std::string absent() const;

    int rank_, ranks_;
    int listener_ = -1, port_ = 0, wake_ = -1;
    std::string password_, own_name_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::vector<Connection> connections_;
    std::optional<std::string> lost_;
    int lost_rank_ = -1;
    bool leaving_ = false, stop_asked_ = false;
    std::function<void()> stop_act_;
    std::function<void(const std::string&)> stuck_act_;
    std::jthread watcher_;
};

} // namespace reverie
