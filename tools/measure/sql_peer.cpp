#include "tools/measure/sql_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr std::chrono::seconds start_within{60};
constexpr std::size_t read_bytes = 64 * 1024;

}  // namespace

SqlSocket::SqlSocket(std::uint16_t port) : socket_(connected(port)) {}

SqlSocket::~SqlSocket() { ::close(socket_); }

void receive(int socket, std::string& in) {
  char room[read_bytes];
  const ssize_t n = ::recv(socket, room, sizeof room, 0);
  if (n <= 0) throw std::runtime_error("a database closed a connection");
  in.append(room, static_cast<std::size_t>(n));
}

LoadAnswer SqlPeer::answer(int socket, std::string& in) const {
  in.clear();
  std::optional<LoadAnswer> got;
  do receive(socket, in);
  while (!(got = first_answer(in)));
  if (got->status != 200) server_.give_up(std::string(got->body.substr(0, 500)));
  return *got;
}

void SqlPeer::wait_until_ready() const {
  const auto end = std::chrono::steady_clock::now() + start_within;
  for (;;) {
    try {
      const SqlSocket socket(server_.port());
      sign_in(socket.get());
      std::cerr << "  " << name() << ": process " << server_.pid() << " on port " << server_.port() << "\n";
      return;
    } catch (const std::runtime_error& error) {
      if (std::chrono::steady_clock::now() > end) {
        server_.give_up(std::string("it did not start: ") + error.what() + "\n" + server_.log_end());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

void SqlPeer::run(const std::string& sql) const {
  const SqlSocket socket(server_.port());
  sign_in(socket.get());
  send_all(socket.get(), query(sql));
  std::string in;
  (void)answer(socket.get(), in);
}

std::vector<std::vector<SqlRow>> SqlPeer::run_prepared(const std::string& sql,
                                                       const std::vector<SqlRow>& values) const {
  const SqlSocket socket(server_.port());
  sign_in(socket.get());
  prepare(socket.get(), sql);
  std::vector<std::vector<SqlRow>> all;
  std::string in;
  for (const SqlRow& one : values) {
    send_all(socket.get(), execution(one));
    all.push_back(rows_of(answer(socket.get(), in).body));
  }
  return all;
}

Load SqlPeer::load(const Bench& bench, const std::string& statement) const {
  Load load = load_on(bench, server_.port());
  load.greet = [this, statement](int socket) {
    sign_in(socket);
    prepare(socket, statement);
  };
  load.first_answer = [this](std::string_view bytes) { return first_answer(bytes); };
  return load;
}

void SqlPeer::measure(Row& row, const Load& load) const {
  measure_load(row, load, [this] { return server_.cpu_seconds(); });
}

}  // namespace tenure::bench
