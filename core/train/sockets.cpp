// SPDX-License-Identifier: MIT
#include "core/train/sockets.h"

#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace reverie {

namespace {

void set(int socket, int level, int option, int value)
{
    setsockopt(socket, level, option, &value, sizeof value);
}

/// `use`d on the first of the addresses for which it succeeds; -1 if it does for none.
template <class Use>
int socket_at(const char* address, const std::string& port, Use use)
{
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(address, port.c_str(), &wanted, &found) != 0)
        return -1;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    for (const auto* at = found; at; at = at->ai_next) {
        const int socket = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (socket >= 0 && use(socket, *at) == 0)
            return socket;
        if (socket >= 0)
            close(socket);
    }
    return -1;
}

} // namespace

int listening_socket(const char* address)
{
    return socket_at(address, "0", [](int socket, const addrinfo& at) {
        return bind(socket, at.ai_addr, at.ai_addrlen) == 0 ? listen(socket, SOMAXCONN) : -1;
    });
}

int port_of(int listener)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getsockname(listener, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        return 0;
    return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port); // in sockaddr_in6 at the same place
}

int connected_socket(const std::string& address, const std::string& port)
{
    return socket_at(address.c_str(), port, [](int socket, const addrinfo& at) {
        return connect(socket, at.ai_addr, at.ai_addrlen);
    });
}

void keep_alive(int socket)
{
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 4);
    set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 2);
    set(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 10000);
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

void send_line(int socket, const std::string& line)
{
    const auto text = line + "\n";
    [[maybe_unused]] const auto sent = send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace reverie
