// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace reverie {

/// A TCP socket that listens at a port of this address that the system chooses; -1 if there is none.
int listening_socket(const char* address);
/// The port it listens at; 0 if it does not.
int port_of(int listener);
/// One connected to a place; -1 if that is not to be reached.
int connected_socket(const std::string& address, const std::string& port);
/// Lets the end of the machine at the other side be noticed after some ten seconds.
void keep_alive(int socket);
/// Sends a line if there is room for it, without waiting; the end of the other side is noticed in reading.
void send_line(int socket, const std::string& line);

} // namespace reverie
