#include "services/http/server.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "services/http/loop.h"

namespace tenure::http {
namespace {

// How many connections past the limit are told so at a time; beyond them a client is just closed.
constexpr std::size_t refused_at_once_max = 256;
// After the system refused a new connection (no file descriptors): long enough not to spin, short enough not to be
// felt.
constexpr std::chrono::milliseconds accept_pause{100};

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

}  // namespace

struct Server::Inside {
  Inside(ServerOptions options, Router router) : shared(std::move(options), std::move(router)) {
    const std::size_t count = std::max<std::size_t>(1, shared.options.io_threads);
    for (std::size_t i = 0; i < count; ++i) loops.push_back(std::make_unique<Loop>(shared));
    acceptor.emplace(loops.front()->context());
    pause.emplace(loops.front()->context());
  }

  void accept();
  void admit(Loop& loop, Socket socket);

  Shared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::optional<Acceptor> acceptor;  // of the first loop
  std::optional<boost::asio::steady_timer> pause;
  std::vector<std::thread> threads;
  std::size_t next_loop = 0;
  bool stopped = false;
};

void Server::Inside::accept() {
  Loop& loop = *loops[next_loop++ % loops.size()];
  acceptor->async_accept(loop.context(), [this, &loop](boost::system::error_code code, Socket socket) {
    if (!acceptor->is_open()) return;
    if (!code) {
      admit(loop, std::move(socket));
      return accept();
    }
    pause->expires_after(accept_pause);
    pause->async_wait([this](boost::system::error_code stopped_waiting) {
      if (!stopped_waiting && acceptor->is_open()) accept();
    });
  });
}

void Server::Inside::admit(Loop& loop, Socket socket) {
  const std::size_t open = shared.connections.load();
  const std::size_t limit = shared.options.limits.connections_max;
  if (open >= limit + refused_at_once_max) return;  // the socket closes itself
  shared.count_connections(1);
  loop.adopt(std::move(socket), open >= limit);
}

Server::Server(ServerOptions options, Router router)
    : inside_(std::make_unique<Inside>(std::move(options), std::move(router))) {}

Server::~Server() { stop(); }

Outcome<std::uint16_t> Server::listen() {
  const ServerOptions& options = inside_->shared.options;
  const auto failed = [&](const boost::system::error_code& code) {
    return fail(FailureCode::io, "Cannot listen on " + options.address + " port " + std::to_string(options.port) +
                                     ": " + code.message() + ".");
  };
  boost::system::error_code code;
  const auto address = boost::asio::ip::make_address(options.address, code);
  if (code) return failed(code);
  const boost::asio::ip::tcp::endpoint end(address, options.port);
  Acceptor& acceptor = *inside_->acceptor;
  acceptor.open(end.protocol(), code);
  if (!code) acceptor.set_option(Acceptor::reuse_address(true), code);
  if (!code) acceptor.bind(end, code);
  if (!code) acceptor.listen(Acceptor::max_listen_connections, code);
  if (code) return failed(code);
  return acceptor.local_endpoint().port();
}

void Server::run_in_background() {
  inside_->accept();
  for (const auto& loop : inside_->loops) {
    inside_->threads.emplace_back([&loop] { loop->run(); });
  }
}

void Server::stop(bool restart) {
  if (inside_->stopped) return;
  inside_->stopped = true;
  // The loops are told by the thread that hands connections to them, after the last one: a loop that had ended before
  // it got one would keep it open for ever, unanswered.
  boost::asio::post(inside_->loops.front()->context(), [inside = inside_.get(), restart] {
    boost::system::error_code code;
    inside->acceptor->close(code);
    inside->pause->cancel();
    for (const auto& loop : inside->loops) loop->drain(restart);
  });
  for (std::thread& thread : inside_->threads) thread.join();
  inside_->shared.pool.stop();
}

std::size_t Server::open_connections() const { return inside_->shared.connections.load(); }

}  // namespace tenure::http
