#include "tools/measure/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace tenure::bench {
namespace {

constexpr std::string_view upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

}  // namespace

int connected(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_port = htons(port);
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&end), sizeof end) == 0) return socket;
  ::close(socket);
  throw std::runtime_error("no connection to port " + std::to_string(port));
}

int connected(const std::string& path) {
  sockaddr_un end{};
  end.sun_family = AF_UNIX;
  if (path.size() >= sizeof end.sun_path) throw std::runtime_error("too long for a socket: " + path);
  std::copy(path.begin(), path.end(), end.sun_path);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&end), sizeof end) == 0) return socket;
  ::close(socket);
  throw std::runtime_error("no connection to " + path);
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) throw std::runtime_error("a server takes no more");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string upgraded(int socket, const std::string& request) {
  send_all(socket, request.substr(0, request.size() - 2) + std::string(upgrade));
  std::string in;
  std::size_t end = 0;
  while ((end = in.find("\r\n\r\n")) == std::string::npos) {
    char room[4096];
    const ssize_t n = ::recv(socket, room, sizeof room, 0);
    if (n <= 0) throw std::runtime_error("a handshake was not answered");
    in.append(room, static_cast<std::size_t>(n));
  }
  if (!in.starts_with("HTTP/1.1 101")) throw std::runtime_error("a handshake was answered " + in);
  return in.substr(end + 4);
}

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace tenure::bench
