#include "tests/push_receivers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <random>
#include <regex>
#include <stdexcept>

namespace tenure::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

int new_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// The port of the loopback interface that the socket is bound to then, which is any for 0; 0 if it cannot be.
std::uint16_t bound(int socket, std::uint16_t port) {
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  end.sin_port = htons(port);
  socklen_t size = sizeof end;
  auto* address = reinterpret_cast<sockaddr*>(&end);
  if (::bind(socket, address, size) != 0 || ::getsockname(socket, address, &size) != 0) return 0;
  return ntohs(end.sin_port);
}

}  // namespace

NobodysPort::NobodysPort() : socket_(new_socket()), port_(bound(socket_, 0)) {
  if (port_ == 0) throw std::runtime_error("no port for nobody");
}

NobodysPort::~NobodysPort() { ::close(socket_); }

std::uint16_t port_to_give() {
  constexpr std::uint16_t first = 20'000, count = 10'000;  // the system's own begin at 32768
  std::random_device random;
  for (int tries = 0; tries < 100; ++tries) {
    const int socket = new_socket();
    const std::uint16_t port = bound(socket, static_cast<std::uint16_t>(first + random() % count));
    ::close(socket);
    if (port != 0) return port;
  }
  throw std::runtime_error("no port to give");
}

Listener::Listener() : listening_(new_socket()), port_(bound(listening_, 0)) {
  if (port_ == 0 || ::listen(listening_, SOMAXCONN) != 0) throw std::runtime_error("no port to listen on");
}

Listener::~Listener() { ::close(listening_); }

void Listener::start() {
  accepting_ = std::thread([this] { accept(); });
}

void Listener::accept() {
  while (true) {
    const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(guard_);
    if (socket < 0 || stopping_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    sockets_.push_back(socket);
    serving_.emplace_back([this, socket] {
      serve(socket);
      const std::lock_guard ending(guard_);
      sockets_.remove(socket);
      ::close(socket);
    });
  }
}

void Listener::stop() {
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    changed_.notify_all();
  }
  ::shutdown(listening_, SHUT_RDWR);
  if (accepting_.joinable()) accepting_.join();
  for (std::thread& thread : serving_) thread.join();
}

void Listener::changed() {
  const std::lock_guard lock(guard_);
  changed_.notify_all();
}

bool Listener::wait_until(const std::function<bool()>& good) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (!good()) {
    std::unique_lock lock(guard_);
    if (std::chrono::steady_clock::now() >= until) return false;
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
  return true;
}

void Listener::stand_still(std::chrono::milliseconds time) {
  std::unique_lock lock(guard_);
  changed_.wait_for(lock, time, [this] { return stopping_.load(); });
}

namespace {

// Asio's view of a socket that somebody else closes.
struct Borrowed {
  explicit Borrowed(int of) : socket(io, tcp::v4(), ::dup(of)) {}
  asio::io_context io;
  tcp::socket socket;
};

}  // namespace

// ---- HTTP ----

void HttpTaker::decide(Decide decide) {
  const std::lock_guard lock(taking_);
  decide_ = std::move(decide);
}

std::vector<Posted> HttpTaker::taken() const {
  const std::lock_guard lock(taking_);
  return taken_;
}

std::vector<Posted> HttpTaker::posted() const {
  const std::lock_guard lock(taking_);
  return posted_;
}

std::vector<std::string> HttpTaker::lines() const {
  std::vector<std::string> lines;
  for (const Posted& one : taken()) {
    for (std::size_t at = 0, end = 0; (end = one.body.find('\n', at)) != std::string::npos; at = end + 1) {
      lines.push_back(one.body.substr(at, end - at));
    }
  }
  return lines;
}

void HttpTaker::serve(int connection) {
  Borrowed borrowed(connection);
  tcp::socket& socket = borrowed.socket;
  boost::beast::flat_buffer buffer;
  while (!stopping()) {
    error_code error;
    http::request_parser<http::string_body> parser;
    parser.body_limit(std::size_t{8} << 20);
    http::read(socket, buffer, parser, error);
    if (error) return;
    const auto request = parser.release();
    const auto text = [&](const auto& name) { return std::string(request[name].data(), request[name].size()); };
    const Posted posted{std::string(request.target().data(), request.target().size()),
                        text(http::field::authorization),
                        text(http::field::content_type),
                        text("Tenure-Store"),
                        request.body(),
                        std::chrono::steady_clock::now()};
    Reaction reaction;
    {
      const std::lock_guard lock(taking_);
      posted_.push_back(posted);
      if (decide_) reaction = decide_(posted);
      if (reaction.takes) taken_.push_back(posted);
    }
    changed();
    if (reaction.stands_still.count() > 0) stand_still(reaction.stands_still);
    if (!reaction.answers) return;
    http::response<http::string_body> response(http::int_to_status(reaction.status), 11);
    response.result(reaction.status);
    if (!reaction.retry_after.empty()) response.set(http::field::retry_after, reaction.retry_after);
    response.body() = reaction.body;
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    http::write(socket, response, error);
    if (error || !request.keep_alive()) return;
  }
}

// ---- syslog ----

std::optional<SyslogMessage> syslog_message(const std::string& bytes) {
  static const std::regex head(R"(<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) )"
                               R"x(\[tenure@32473 id="((?:[^"\\\]]|\\.)*)" org="((?:[^"\\\]]|\\.)*)"\] )x");
  std::smatch found;
  if (!std::regex_search(bytes, found, head, std::regex_constants::match_continuous)) return std::nullopt;
  SyslogMessage message{std::stoi(found[1]), found[2], found[3], found[4], found[5], found[6], found[7], found[8],
                        found.suffix(),      false};
  if (message.text.starts_with("\xEF\xBB\xBF")) {
    message.marked = true;
    message.text.erase(0, 3);
  }
  return message;
}

std::vector<SyslogMessage> SyslogTaker::taken() const {
  const std::lock_guard lock(taking_);
  return taken_;
}

std::vector<std::string> SyslogTaker::faults() const {
  const std::lock_guard lock(taking_);
  return faults_;
}

void SyslogTaker::serve(int connection) {
  Borrowed borrowed(connection);
  tcp::socket& socket = borrowed.socket;
  Life life;
  {
    const std::lock_guard lock(taking_);
    if (life_) life = life_();
  }
  ++connections_;
  std::string bytes;
  for (std::size_t count = 0; count < life.messages; ++count) {
    error_code error;
    asio::read_until(socket, asio::dynamic_buffer(bytes), ' ', error);
    const std::size_t blank = bytes.find(' ');
    if (error) {
      const std::lock_guard lock(taking_);
      // Cut off in the middle only by an end that the server did not mean.
      if (!bytes.empty() && error == asio::error::eof && life.messages == SIZE_MAX) faults_.push_back("cut: " + bytes);
      return;
    }
    const std::string length = bytes.substr(0, blank);
    const bool number = !length.empty() && length.size() < 8 && length.front() != '0' &&
                        length.find_first_not_of("0123456789") == std::string::npos;
    if (!number) {
      const std::lock_guard lock(taking_);
      faults_.push_back("no length: " + bytes.substr(0, 100));
      return;
    }
    const std::size_t whole = blank + 1 + std::stoul(length);
    while (bytes.size() < whole && !error) {
      char more[16'384];
      bytes.append(more, socket.read_some(asio::buffer(more), error));
    }
    if (bytes.size() < whole) return;
    const std::string text = bytes.substr(blank + 1, whole - blank - 1);
    bytes.erase(0, whole);
    {
      const std::lock_guard lock(taking_);
      if (auto message = syslog_message(text)) {
        taken_.push_back(std::move(*message));
      } else {
        faults_.push_back(text);
      }
    }
    changed();
  }
  stand_still(life.stands_still);
  // What it took off the socket and did not look at is as unread as what it left there, and ends the connection as
  // that does. (Asio's own socket would undo the option when it goes.)
  const linger at_once{1, 0};
  if (!bytes.empty()) ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// ---- what they took ----

std::uint64_t position_of(const std::string& id) { return std::stoull(id.substr(id.find(':') + 1)); }

std::string fault_of(const std::vector<std::uint64_t>& positions, std::uint64_t last) {
  std::uint64_t most = 0;
  for (const std::uint64_t position : positions) {
    if (position > most + 1) return std::to_string(position) + " after " + std::to_string(most);
    most = std::max(most, position);
  }
  return most >= last ? std::string() : "ends at " + std::to_string(most) + ", not " + std::to_string(last);
}

}  // namespace tenure::test
