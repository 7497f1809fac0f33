// Plain sockets to a server on this machine, for clients that must cost little beside the server that they measure.
// Everything blocks; what goes wrong throws std::runtime_error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenure::bench {

// The caller closes it.
int connected(std::uint16_t port);
int connected(const std::string& path);  // a socket in the file system
void send_all(int socket, std::string_view bytes);
// Sends `request`, a whole GET up to and with its empty line, as the handshake of a WebSocket, and reads the answer,
// which must be an upgrade. What came behind it.
std::string upgraded(int socket, const std::string& request);

// As many sockets as the system lets this program have.
void raise_file_limit();

}  // namespace tenure::bench
