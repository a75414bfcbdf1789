// SPDX-License-Identifier: MIT
#include "core/train/rendezvous.h"

#ifdef REVERIE_WITH_GLOO

#include "core/train/rank_address.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef REVERIE_WITH_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <cstdlib>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace reverie {

namespace {

using Clock = std::chrono::steady_clock;
using Store = c10::intrusive_ptr<c10d::Store>;

constexpr auto patience = std::chrono::seconds(120);
constexpr std::chrono::milliseconds forever = std::chrono::hours(24 * 365); ///< rank 0 may draw for long

/// `Group` is one of c10d's; since LibTorch 2 they have no common base that could stand for all.
template <class Group>
class Way : public Collectives
{
public:
    Way(c10::intrusive_ptr<Group> group, Store store, const Rank& rank)
        : group_(std::move(group))
        , store_(std::move(store))
        , rank_(rank)
    {
    }

    std::unique_ptr<Work> sum(at::Tensor& tensor) override
    {
        struct Started : Work {
            explicit Started(c10::intrusive_ptr<c10d::Work> w)
                : work(std::move(w))
            {
            }
            void wait() override { work->wait(); }
            c10::intrusive_ptr<c10d::Work> work;
        };
        std::vector<at::Tensor> tensors{ tensor };
        return std::make_unique<Started>(group_->allreduce(tensors));
    }

    void broadcast(at::Tensor& tensor) override
    {
        std::vector<at::Tensor> tensors{ tensor };
        group_->broadcast(tensors)->wait();
    }

    std::unique_ptr<Collectives> on([[maybe_unused]] at::Device device) override
    {
#ifdef REVERIE_WITH_NCCL
        const auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = forever;
        auto store = c10::make_intrusive<c10d::PrefixStore>("nccl", store_);
        auto group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank_.rank, rank_.ranks, options);
        return std::make_unique<Way<c10d::ProcessGroupNCCL>>(std::move(group), store_, rank_);
#else
        throw UsageError("This LibTorch was found without NCCL, which GPUs need to train together; build "
                         "Reverie where nccl.h is, or train on one GPU.");
#endif
    }

private:
    c10::intrusive_ptr<Group> group_;
    Store store_;
    Rank rank_;
};

/// Whether something listens at that port of this machine.
bool is_taken(int port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(std::uint16_t(port));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool bound = bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(socket);
    return !bound;
}

/// Rank 0 keeps the store, and must reach it by the address that the others have.
Error no_store(const Rank& rank)
{
    if (is_taken(rank.port))
        return Error("The port " + std::to_string(rank.port)
                     + ", where the ranks are to meet, is taken or not allowed here; set MASTER_PORT to "
                       "another.");
    return Error("Rank 0 does not reach itself at " + rank.address + ":" + std::to_string(rank.port)
                 + "; set MASTER_ADDR to the machine of rank 0.");
}

/// Null if it is not there yet.
Store try_store(const Rank& rank)
{
    c10d::TCPStoreOptions options;
    options.port = std::uint16_t(rank.port);
    options.isServer = rank.rank == 0 && rank.agent_prefix.empty();
    options.waitWorkers = false;
    options.timeout = std::chrono::seconds(2);
    if (options.isServer && is_taken(rank.port))
        throw no_store(rank);
    try {
        Store store = c10::make_intrusive<c10d::TCPStore>(rank.address, options);
        if (rank.agent_prefix.empty())
            return store;
        return c10::make_intrusive<c10d::PrefixStore>(rank.agent_prefix, store);
    } catch (const std::exception&) {
        if (options.isServer)
            throw no_store(rank);
        return {};
    }
}

/// Null if it was stopped meanwhile.
Store open_store(const Rank& rank, const std::stop_token& stop)
{
    const auto begin = Clock::now();
    check_address(rank);
    while (!stop.stop_requested()) {
        if (auto store = try_store(rank))
            return store;
        if (Clock::now() - begin > patience)
            throw Error("Rank 0 was not to be reached at " + rank.address + ":" + std::to_string(rank.port)
                        + " within " + std::to_string(patience.count())
                        + " s; set MASTER_ADDR to its machine and MASTER_PORT to a free port there.");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return {};
}

RankError not_begun(const std::string& reason, bool said)
{
    return { "Training did not begin because " + reason + (reason.ends_with('.') ? "" : "."), said };
}

bool has(const Store& store, const std::string& key)
{
    try {
        return store->check({ key });
    } catch (const std::exception&) {
        throw not_begun("rank 0 ended before all ranks were there", /*said=*/false);
    }
}

std::unique_ptr<Collectives> over_gloo(const Store& store, const Rank& rank)
{
    auto options = c10d::ProcessGroupGloo::Options::create(forever);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices = { interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                   : c10d::ProcessGroupGloo::createDeviceForHostname(own_address(rank)) };
    options->threads = 2;
    auto own = c10::make_intrusive<c10d::PrefixStore>("gloo", store);
    auto group = c10::make_intrusive<c10d::ProcessGroupGloo>(own, rank.rank, rank.ranks, options);
    return std::make_unique<Way<c10d::ProcessGroupGloo>>(std::move(group), store, rank);
}

RankError not_connected(const std::exception& error, Lifeline& lifeline)
{
    const std::string reason = error.what();
    if (const auto lost = lifeline.lost(std::chrono::seconds(3)))
        return not_begun(*lost, !lifeline.lost_rank_0());
    return not_begun("the ranks can't be connected (" + reason.substr(0, reason.find('\n')) + ")",
                     /*said=*/false);
}

/// Null if it was stopped meanwhile. Gloo would wait for a rank that is gone: that is left to a thread, and
/// given up.
std::unique_ptr<Collectives> connect(const Store& store, const Rank& rank, Lifeline& lifeline,
                                     const std::stop_token& stop)
{
    std::packaged_task<std::unique_ptr<Collectives>()> task([=] { return over_gloo(store, rank); });
    auto way = task.get_future();
    std::thread(std::move(task)).detach();
    const auto begin = Clock::now();
    while (way.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
        if (stop.stop_requested())
            return nullptr;
        if (const auto lost = lifeline.lost(std::chrono::milliseconds(0)))
            throw not_begun(*lost, !lifeline.lost_rank_0());
        if (Clock::now() - begin > patience)
            throw Error("The ranks were not connected within " + std::to_string(patience.count())
                        + " s; let them reach each other at any port, and set GLOO_SOCKET_IFNAME to the "
                          "interface by which they do.");
    }
    try {
        return way.get();
    } catch (const UsageError&) {
        throw;
    } catch (const std::exception& error) {
        throw not_connected(error, lifeline);
    }
}

} // namespace

std::optional<Meeting> meet(const Rank& rank, const std::stop_token& stop)
{
    const auto store = open_store(rank, stop);
    if (!store)
        return std::nullopt;
    const std::string key = "lifeline";
    Meeting meeting;
    if (rank.rank == 0) {
        meeting.lifeline = std::make_unique<Lifeline>(rank.ranks, is_loop_back(rank.address));
        const auto text = meeting.lifeline->meeting();
        store->set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
    } else {
        for (const auto begin = Clock::now(); !has(store, key);
             std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
            if (stop.stop_requested())
                return std::nullopt;
            if (Clock::now() - begin > patience)
                throw Error("Rank 0 did not come within " + std::to_string(patience.count())
                            + " s; start one process for each rank.");
        }
        const auto bytes = store->get(key);
        meeting.lifeline
            = std::make_unique<Lifeline>(rank.rank, rank.address, std::string(bytes.begin(), bytes.end()));
    }
    if (!meeting.lifeline->wait_for_all(patience, stop)) {
        if (const auto lost = meeting.lifeline->lost(std::chrono::milliseconds(0)))
            throw not_begun(*lost, !meeting.lifeline->lost_rank_0());
        return std::nullopt;
    }
    store->setTimeout(forever);
    try {
        meeting.messages = connect(store, rank, *meeting.lifeline, stop);
    } catch (const std::exception& error) {
        meeting.lifeline->say_failure(error.what());
        throw;
    }
    return meeting.messages ? std::optional(std::move(meeting)) : std::nullopt;
}

} // namespace reverie

#else

namespace reverie {

std::optional<Meeting> meet(const Rank& rank, const std::stop_token&)
{
    throw UsageError(
        "Training with " + std::to_string(rank.ranks)
        + " processes needs Gloo, and the LibTorch that Reverie was built with has none; install "
          "libgloo-dev and build it again, or train with one process.");
}

} // namespace reverie

#endif
