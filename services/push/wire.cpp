#include "services/push/wire.h"

#include <linux/sockios.h>
#include <netdb.h>
#include <sys/ioctl.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace tenure::services {

namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr milliseconds lookup_asked_every{20};

// A name's addresses, looked up by a thread that shares nothing else and may outlive everybody.
struct Lookup {
  std::atomic<bool> done{false};
  std::string trouble;
  std::vector<tcp::endpoint> addresses;
};

void look_up(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  if (error != 0) {
    lookup->trouble = ::gai_strerror(error);
  } else {
    for (const addrinfo* one = found; one; one = one->ai_next) {
      if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
      tcp::endpoint address;
      address.resize(one->ai_addrlen);
      std::memcpy(address.data(), one->ai_addr, one->ai_addrlen);
      address.port(port);
      lookup->addresses.push_back(address);
    }
    ::freeaddrinfo(found);
  }
  lookup->done.store(true, std::memory_order_release);
}

std::string seconds_text(milliseconds time) { return std::to_string((time.count() + 999) / 1'000) + " s"; }

// One connection; whoever has something under way on it keeps it alive.
struct Line {
  explicit Line(const asio::any_io_executor& loop) : socket(loop) {}
  void close() {
    error_code ignored;
    socket.close(ignored);
  }

  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> tls;
  bool late = false;                 // a deadline came
  bool ended = false, lost = false;  // seen by `watch`
  // A write met an error. The system says of a reset once: whoever reads after that sees what looks like an end.
  bool broken = false;
};

asio::awaitable<std::size_t> read_some(Line& line, asio::mutable_buffer into, error_code& error) {
  std::size_t count = 0;
  if (line.tls) {
    count = co_await line.tls->async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  } else {
    count = co_await line.socket.async_read_some(into, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return count;
}

bool is_end(const error_code& error) { return error == asio::error::eof || error == ssl::error::stream_truncated; }

asio::awaitable<void> watch_line(std::shared_ptr<Line> line, std::function<void()> told) {
  error_code error;
  std::array<char, 4'096> forgotten{};
  while (!error) co_await read_some(*line, asio::buffer(forgotten), error);
  line->ended = is_end(error);
  line->lost = true;
  told();
}

}  // namespace

struct Wire::Inside : std::enable_shared_from_this<Wire::Inside> {
  Inside(asio::any_io_executor on, Destination where, PushTimes limits)
      : loop(std::move(on)), to(std::move(where)), times(limits), deadline(loop) {}

  const asio::any_io_executor loop;
  const Destination to;
  const PushTimes times;
  std::shared_ptr<Line> line;
  std::unique_ptr<ssl::context> authorities;
  asio::steady_timer deadline;
  std::uint64_t deadlines = 0;
  std::shared_ptr<Lookup> lookup;
  bool given_up = false;  // closed from outside while it was opened

  void close() {
    in_time();
    if (line) line->close();
  }

  // What is under way on the line ends with an error when the time is over.
  void within(milliseconds time) {
    deadline.expires_after(time);
    deadline.async_wait([weak = weak_from_this(), weak_line = std::weak_ptr(line), mine = ++deadlines](error_code) {
      const auto self = weak.lock();
      const auto its = weak_line.lock();
      if (!self || !its || self->deadlines != mine) return;
      its->late = true;
      its->close();
    });
  }
  void in_time() {
    ++deadlines;
    deadline.cancel();
  }

  asio::awaitable<Trouble> find_addresses(std::vector<tcp::endpoint>& addresses) {
    error_code error;
    const auto number = asio::ip::make_address(to.host, error);
    if (!error) {
      addresses.emplace_back(number, to.port);
      co_return Trouble();
    }
    if (!lookup) {
      lookup = std::make_shared<Lookup>();
      std::thread(look_up, lookup, to.host, to.port).detach();
    }
    const auto until = std::chrono::steady_clock::now() + times.connect;
    asio::steady_timer pause(loop);
    while (!lookup->done.load(std::memory_order_acquire)) {
      if (given_up || std::chrono::steady_clock::now() >= until) {
        co_return "the name " + to.host + " was not found within " + seconds_text(times.connect);
      }
      pause.expires_after(lookup_asked_every);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
    const auto found = std::exchange(lookup, nullptr);
    addresses = found->addresses;
    co_return addresses.empty() ? "the name " + to.host + " is not found: " + found->trouble : Trouble();
  }

  asio::awaitable<Trouble> connect(tcp::endpoint address) {
    close();
    const auto fresh = line = std::make_shared<Line>(loop);
    error_code error;
    within(times.connect);
    co_await fresh->socket.async_connect(address, asio::redirect_error(asio::use_awaitable, error));
    in_time();
    if (error) {
      fresh->close();
      co_return "cannot connect to " + to.authority + ": " +
          (fresh->late ? "no answer within " + seconds_text(times.connect) : error.message());
    }
    fresh->socket.set_option(tcp::no_delay(true), error);
    // A receiver whose machine went without a word is noticed also when nothing is sent.
    fresh->socket.set_option(asio::socket_base::keep_alive(true), error);
    Trouble why;
    if (to.tls) why = co_await greet(fresh);
    co_return why;
  }

  asio::awaitable<Trouble> greet(std::shared_ptr<Line> fresh) {
    error_code error;
    if (!authorities) {
      authorities = std::make_unique<ssl::context>(ssl::context::tls_client);
      authorities->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
      authorities->set_default_verify_paths(error);
      authorities->set_verify_mode(ssl::verify_peer);
    }
    fresh->tls.emplace(fresh->socket, *authorities);
    fresh->tls->set_verify_callback(ssl::host_name_verification(to.host), error);
    // Which of its certificates the host is to show; an address has no name.
    asio::ip::make_address(to.host, error);
    if (error) SSL_set_tlsext_host_name(fresh->tls->native_handle(), to.host.c_str());
    within(times.connect);
    co_await fresh->tls->async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    in_time();
    if (!error) co_return Trouble();
    fresh->close();
    co_return "no TLS with " + to.authority + ": " +
        (fresh->late ? "no answer within " + seconds_text(times.connect) : error.message());
  }
};

Wire::Wire(asio::any_io_executor loop, Destination to, PushTimes times)
    : inside_(std::make_shared<Inside>(std::move(loop), std::move(to), times)) {}

Wire::~Wire() { inside_->close(); }

asio::awaitable<Trouble> Wire::open() {
  const auto in = inside_;
  std::vector<tcp::endpoint> addresses;
  in->given_up = false;
  Trouble why = co_await in->find_addresses(addresses);
  for (const auto& address : addresses) {
    if (in->given_up) break;
    why = co_await in->connect(address);
    if (why.empty()) break;
  }
  if (in->given_up) in->close();
  co_return why;
}

bool Wire::is_open() const { return inside_->line && inside_->line->socket.is_open(); }

asio::awaitable<Trouble> Wire::write(std::string_view bytes) {
  const auto in = inside_;
  const auto line = in->line;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, write_piece_bytes);
    const auto buffer = asio::buffer(piece.data(), piece.size());
    error_code error;
    in->within(in->times.answer);
    if (line->tls) {
      co_await asio::async_write(*line->tls, buffer, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await asio::async_write(line->socket, buffer, asio::redirect_error(asio::use_awaitable, error));
    }
    in->in_time();
    line->broken = line->broken || error;
    // Not closed: the other side may have said why it takes no more.
    if (error) co_return line->late ? "nothing was taken for " + seconds_text(in->times.answer) : error.message();
    bytes.remove_prefix(piece.size());
  }
  co_return Trouble();
}

asio::awaitable<Trouble> Wire::read(std::string& into) {
  const auto in = inside_;
  const auto line = in->line;
  std::array<char, 16'384> bytes{};
  error_code error;
  in->within(in->times.answer);
  const std::size_t count = co_await read_some(*line, asio::buffer(bytes), error);
  in->in_time();
  into.append(bytes.data(), count);
  if (!error || is_end(error)) co_return Trouble();
  line->close();
  co_return line->late ? "no answer within " + seconds_text(in->times.answer) : error.message();
}

void Wire::watch(std::function<void()> told) {
  asio::co_spawn(inside_->loop, watch_line(inside_->line, std::move(told)), asio::detached);
}

bool Wire::ended_well() const { return inside_->line && inside_->line->ended && !inside_->line->broken; }
bool Wire::lost() const { return !is_open() || inside_->line->lost; }

std::size_t Wire::unacknowledged() const {
  int waiting = 0;
  if (lost() || ::ioctl(inside_->line->socket.native_handle(), SIOCOUTQ, &waiting) != 0) return 0;
  return static_cast<std::size_t>(waiting);
}

void Wire::end_writing() {
  error_code ignored;
  if (inside_->line) inside_->line->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Wire::close() {
  inside_->given_up = true;
  inside_->close();
}

}  // namespace tenure::services
