// Start here: the HTTP/1.1 server. It knows nothing of Tenure's domain: a Router says who answers what, an Observer is
// told what happened.
//
// Owned by whoever runs the program; `listen`, `run_in_background`, `stop` from one thread, in that order.
// Each io thread has an event loop of its own and connections handed to it in turn; a connection stays with its loop
// for life, so nothing about it is locked. Blocking work goes to one pool.
//
// Promises: a request is answered exactly once or its connection is cut; every queue and buffer is bounded
// (services/http/limits.h); what a client sends can be refused but not crash or stop the server.
// `listen` fails with Failure io, naming address and port. `stop` takes no new connection, answers the requests in
// flight, ends live answers, closes idle connections at once, cuts what is left after drain_timeout, and joins all
// threads. The destructor stops.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "events/result.h"
#include "services/http/limits.h"
#include "services/http/request.h"
#include "services/http/router.h"

namespace tenure::http {

// A request that has been answered.
struct Served {
  std::string_view route;  // the template, or empty when no route was found
  Method method = Method::other;
  unsigned status = 0;
  std::chrono::nanoseconds took{};  // from the first byte read to the last byte given to the kernel
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
};

// Told what happens, for metrics and the log. Called on the loops, or on the pool for `crashed`: from several threads
// at once, and must not block. Outlives the server.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void served(const Served& request) = 0;
  virtual void connections(std::size_t open) = 0;
  // A handler threw; the client got a 500 or was cut.
  virtual void crashed(std::string_view route, std::string_view what) = 0;
  // A handler ended early, since its client had gone. On the pool.
  virtual void abandoned(std::string_view) {}
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::size_t io_threads = 1;
  std::size_t pool_threads = 2;
  // Requests that wait for a pool thread. Past it: 503.
  std::size_t pool_queued_max = 256;
  ServerLimits limits;
  Observer* observer = nullptr;
};

class Server {
 public:
  Server(ServerOptions options, Router router);
  ~Server();

  Outcome<std::uint16_t> listen();  // the port
  void run_in_background();
  // `restart`: the server comes back soon, and live answers end with the close code that says so.
  void stop(bool restart = false);

  std::size_t open_connections() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::http
