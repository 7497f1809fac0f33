#include "tools/measure/nats.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "services/http/websocket.h"
#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr const char* program = "/usr/sbin/nats-server";
constexpr std::size_t read_bytes = 256 * 1024;
constexpr std::chrono::seconds start_within{30};
constexpr std::string_view hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";

[[noreturn]] void give_up(const std::string& because) { throw std::runtime_error("nats-server: " + because); }

// The free ports that it takes are told in a file in the folder.
std::vector<std::string> command(const std::string& folder) {
  if (!std::filesystem::exists(program)) give_up("it is not installed; tools/bench --peers does that");
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/nats.conf") << "host: 127.0.0.1\nport: -1\nports_file_dir: \"" << folder
                                       << "\"\nwebsocket { host: \"127.0.0.1\", port: -1, no_tls: true }\n";
  return {program, "-c", folder + "/nats.conf", "-l", folder + "/nats.log"};
}

std::uint16_t port_in(const std::string& text, const std::string& scheme) {
  const std::string before = "\"" + scheme + "://127.0.0.1:";
  const std::size_t at = text.find(before);
  if (at == std::string::npos) give_up("no port in " + text);
  return static_cast<std::uint16_t>(std::stoul(text.substr(at + before.size())));
}

std::string whole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string framed(std::string_view payload) {
  std::string frame;
  http::append_frame_head(frame, http::Opcode::binary, payload.size());
  frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | 0x80);
  return frame + std::string(4, '\0') + std::string(payload);
}

}  // namespace

NatsServer::NatsServer(Bench& bench) : folder_(bench.scratch.fresh("nats")), child_(command(folder_)) {
  const std::string file = folder_ + "/nats-server_" + std::to_string(child_.pid()) + ".ports";
  const auto end = std::chrono::steady_clock::now() + start_within;
  std::string ports;
  while ((ports = whole(file)).find('}') == std::string::npos) {
    if (std::chrono::steady_clock::now() > end) give_up("it did not start: " + whole(folder_ + "/nats.log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  port_ = port_in(ports, "nats");
  websocket_port_ = port_in(ports, "ws");
}

NatsFollowers::NatsFollowers(std::uint16_t websocket_port, std::size_t clients, const std::string& payload)
    : clients_(clients),
      room_(read_bytes),
      message_("MSG feed 1 " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n"),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < clients; ++i) {
    Client& client = clients_[i];
    client.socket = connected(websocket_port);
    client.frames = upgraded(client.socket, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    send_all(client.socket, framed(std::string(hello) + "SUB feed 1\r\nPING\r\n"));
    while (client.text.find("PONG\r\n") == std::string::npos) read(client);  // it is subscribed
    client.text.clear();
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket, &wanted);
  }
}

NatsFollowers::~NatsFollowers() {
  for (const Client& client : clients_) {
    if (client.socket >= 0) ::close(client.socket);
  }
  ::close(epoll_);
}

void NatsFollowers::follow(const std::atomic<bool>& stop, std::uint64_t messages) {
  std::vector<epoll_event> ready(256);
  const auto through = [&] {
    for (const Client& client : clients_) {
      if (client.got < messages) return false;
    }
    return true;
  };
  while (!stop && !through()) {
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 50);
    for (int i = 0; i < count; ++i) {
      Client& client = clients_[ready[static_cast<std::size_t>(i)].data.u64];
      read(client);
      take(client);
    }
  }
}

void NatsFollowers::read(Client& client) {
  const ssize_t n = ::recv(client.socket, room_.data(), room_.size(), 0);
  if (n <= 0) give_up("it closed a connection");
  client.frames.append(room_.data(), static_cast<std::size_t>(n));
  std::string_view rest(client.frames);
  while (rest.size() >= http::frame_head_bytes_max || (rest.size() >= 2 && (rest[1] & 0x7f) < 126)) {
    const std::size_t size = http::first_frame_bytes(rest);
    if (size > rest.size()) break;
    const std::size_t head = size < 128 ? 2 : size <= 0xffff + 4 ? 4 : 10;
    const auto opcode = static_cast<std::uint8_t>(rest[0]) & 0x0f;
    if (opcode == 8) give_up("it closed a connection: " + std::string(rest.substr(head, size - head)));
    if (opcode <= 2) client.text += rest.substr(head, size - head);
    rest.remove_prefix(size);
  }
  client.frames.erase(0, client.frames.size() - rest.size());
}

void NatsFollowers::take(Client& client) {
  std::string_view rest(client.text);
  std::uint64_t got = 0;
  for (;;) {
    if (rest.starts_with("MSG ")) {
      if (rest.size() < message_.size()) break;
      if (!rest.starts_with(message_)) give_up("another message came: " + std::string(rest.substr(0, 200)));
      rest.remove_prefix(message_.size());
      ++got;
      continue;
    }
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) break;
    if (rest.starts_with("PING")) send_all(client.socket, framed("PONG\r\n"));
    rest.remove_prefix(end + 2);
  }
  client.text.erase(0, client.text.size() - rest.size());
  client.got += got;
  messages_.fetch_add(got, std::memory_order_relaxed);
}

std::uint64_t publish(std::uint16_t port, std::string_view payload, std::size_t connections, std::size_t batch,
                      std::chrono::milliseconds duration) {
  std::string request;
  for (std::size_t i = 0; i < batch; ++i) {
    request += "PUB feed " + std::to_string(payload.size()) + "\r\n" + std::string(payload) + "\r\n";
  }
  request += "PING\r\n";
  std::vector<pollfd> sockets(connections);
  for (pollfd& one : sockets) {
    one = {connected(port), POLLIN, 0};
    send_all(one.fd, std::string(hello) + request);
  }
  std::uint64_t published = batch * connections;
  const auto end = std::chrono::steady_clock::now() + duration;
  std::vector<std::string> heard(connections);
  for (std::size_t busy = connections; busy > 0;) {
    if (::poll(sockets.data(), sockets.size(), 30'000) <= 0) give_up("it no longer answers a publisher");
    for (std::size_t i = 0; i < connections; ++i) {
      if ((sockets[i].revents & POLLIN) == 0) continue;
      char room[4096];
      const ssize_t n = ::recv(sockets[i].fd, room, sizeof room, 0);
      if (n <= 0) give_up("it closed a publisher's connection");
      heard[i].append(room, static_cast<std::size_t>(n));
      if (heard[i].find("PONG\r\n") == std::string::npos) continue;
      heard[i].clear();
      if (std::chrono::steady_clock::now() >= end) {
        sockets[i].events = 0;
        --busy;
        continue;
      }
      send_all(sockets[i].fd, request);
      published += batch;
    }
  }
  for (const pollfd& one : sockets) ::close(one.fd);
  return published;
}

}  // namespace tenure::bench
