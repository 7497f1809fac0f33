// Receivers of what a sink pushes, as tests need them: an HTTP server and a syslog collector on free loopback ports,
// that read strictly what a real one reads and can be told to fail in every way that a real one fails.
//
// One thread a connection, ended with the object; every wait ends. What they took is read from any thread. Sockets are
// plain ones here: Asio and Beast are in the .cpp only, since they cost a compiler seconds.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tenure::test {

// A listening socket and a thread for each connection.
class Listener {
 public:
  virtual ~Listener();
  Listener(const Listener&) = delete;
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Until `good` holds, looked at whenever something was taken; false after two minutes.
  bool wait_until(const std::function<bool()>& good);

 protected:
  Listener();
  // By the most derived class, first and last.
  void start();
  void stop();
  // One connection, until it ends; the socket is closed by whoever called.
  virtual void serve(int socket) = 0;
  void changed();
  bool stopping() const { return stopping_; }
  // Waits without reading, for as long as that or until the end.
  void stand_still(std::chrono::milliseconds time);

 private:
  void accept();

  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::thread accepting_;
  std::mutex guard_;
  std::condition_variable changed_;
  std::list<int> sockets_;
  std::vector<std::thread> serving_;
  std::atomic<bool> stopping_{false};
};

// A port that nobody listens on, and that nobody else is given while this lives.
class NobodysPort {
 public:
  NobodysPort();
  ~NobodysPort();
  NobodysPort(const NobodysPort&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

// A port for another program to listen on: free when this looks, and none of those that the system gives out by itself,
// so that it still is when the program comes to it.
std::uint16_t port_to_give();

struct Posted {
  std::string target, authorization, content_type, store, body;
  std::chrono::steady_clock::time_point at;
};

// What becomes of a request.
struct Reaction {
  unsigned status = 200;
  bool takes = true;                          // whether it counts as taken; one that is answered with an error does not
  bool answers = true;                        // else the connection is closed without a word
  std::chrono::milliseconds stands_still{0};  // before that
  std::string body, retry_after;
};
inline Reaction refusing(unsigned status, std::string body = {}) {
  return {status, false, true, std::chrono::milliseconds(0), std::move(body), {}};
}

class HttpTaker final : public Listener {
 public:
  using Decide = std::function<Reaction(const Posted&)>;
  explicit HttpTaker(Decide decide = {}) : decide_(std::move(decide)) { start(); }
  ~HttpTaker() override { stop(); }

  void decide(Decide decide);
  std::vector<Posted> taken() const;   // in order
  std::vector<Posted> posted() const;  // those and the others
  // The lines of all bodies that were taken.
  std::vector<std::string> lines() const;

 private:
  void serve(int socket) override;

  mutable std::mutex taking_;
  Decide decide_;
  std::vector<Posted> taken_, posted_;
};

// A syslog message, taken apart strictly (RFC 5424).
struct SyslogMessage {
  int priority = 0;
  std::string timestamp, host, app, process, type;
  std::string id, org;  // of the structured element
  std::string text;     // without the mark of UTF-8
  bool marked = false;
};
// Nothing if it is not well formed.
std::optional<SyslogMessage> syslog_message(const std::string& bytes);

class SyslogTaker final : public Listener {
 public:
  // How many messages the next connection takes, and how long it then stands still, before it is closed with whatever
  // was not read; asked for each connection.
  struct Life {
    std::size_t messages = SIZE_MAX;
    std::chrono::milliseconds stands_still{0};
  };
  explicit SyslogTaker(std::function<Life()> life = {}) : life_(std::move(life)) { start(); }
  ~SyslogTaker() override { stop(); }

  std::vector<SyslogMessage> taken() const;
  std::vector<std::string> faults() const;  // what was not well formed
  std::size_t connections() const { return connections_; }

 private:
  void serve(int socket) override;

  mutable std::mutex taking_;
  std::function<Life()> life_;
  std::vector<SyslogMessage> taken_;
  std::vector<std::string> faults_;
  std::atomic<std::size_t> connections_{0};
};

// Of an event's id, "store:position".
std::uint64_t position_of(const std::string& id);
// Why these are not all positions up to `last` in order, but for what came again; empty: they are.
std::string fault_of(const std::vector<std::uint64_t>& positions, std::uint64_t last);

}  // namespace tenure::test
