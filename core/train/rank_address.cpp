// SPDX-License-Identifier: MIT
#include "core/train/rank_address.h"

#include <array>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace reverie {

namespace {

/// What rank 0's name stands for, as what a socket takes.
sockaddr_storage address_of(const Rank& rank, socklen_t& size)
{
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(rank.address.c_str(), std::to_string(rank.port).c_str(), &wanted, &found) != 0)
        throw UsageError("\"" + rank.address
                         + "\" is no machine that can be found; set MASTER_ADDR to rank 0's.");
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    sockaddr_storage address{};
    size = found->ai_addrlen;
    std::memcpy(&address, found->ai_addr, size);
    return address;
}

/// In digits; empty if it has none.
std::string text_of(const sockaddr* address, socklen_t size)
{
    std::array<char, NI_MAXHOST> text{};
    const bool known = getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0;
    return known ? text.data() : "";
}

/// The address from which rank 0 is reached; its own if that is not known.
std::string address_towards(const Rank& rank)
{
    socklen_t size = 0;
    const auto address = address_of(rank, size);
    const int socket = ::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage own{};
    socklen_t own_size = sizeof own;
    const bool known = socket >= 0
        && connect(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 // sends nothing
        && getsockname(socket, reinterpret_cast<sockaddr*>(&own), &own_size) == 0;
    if (socket >= 0)
        close(socket);
    const auto text = known ? text_of(reinterpret_cast<const sockaddr*>(&own), own_size) : "";
    return text.empty() ? rank.address : text;
}

/// That of the first network this machine is in; empty if it is in none.
std::string network_address()
{
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0)
        return "";
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
    constexpr auto runs = unsigned(IFF_UP) | unsigned(IFF_RUNNING);
    for (const auto* at = list; at; at = at->ifa_next)
        if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET && (at->ifa_flags & runs) == runs
            && (at->ifa_flags & unsigned(IFF_LOOPBACK)) == 0)
            return text_of(at->ifa_addr, sizeof(sockaddr_in));
    return "";
}

} // namespace

bool is_loop_back(const std::string& address)
{
    return address.starts_with("127.") || address == "localhost" || address == "::1";
}

void check_address(const Rank& rank)
{
    socklen_t size = 0;
    address_of(rank, size);
}

std::string own_address(const Rank& rank)
{
    const auto near = address_towards(rank);
    if (is_loop_back(rank.address) || !is_loop_back(near))
        return near;
    if (const auto far = network_address(); !far.empty())
        return far;
    if (rank.local_ranks == rank.ranks)
        return near;
    throw UsageError("Ranks on other machines can't reach this one, which \"" + rank.address
                     + "\" stands for and which is in no network; set GLOO_SOCKET_IFNAME to the interface "
                       "by which they do.");
}

} // namespace reverie
