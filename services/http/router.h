// Which handler answers which method and path.
//
// Built by one thread before the server starts, then owned by the server and only read, from every loop.
// A template is "/v1/orgs/{org}/events": segments that are text or one `{name}`. Text goes before a name where
// both fit. Two routes with the same method and shape are a bug. `scope` is text that means something to the `before`
// hook only. A GET route answers HEAD too.
//
// Handlers may throw; the client gets a 500 and the observer (services/http/server.h) the text.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "services/http/live.h"
#include "services/http/request.h"
#include "services/http/response.h"

namespace tenure::http {

// Runs on the loop: must answer from memory, in microseconds.
using LoopHandler = std::function<Response(Request&)>;
// Is called on the loop and must not block; `reply` is called once, there or later from any thread.
using AsyncHandler = std::function<void(Request&&, Reply reply)>;
// Runs on the pool and may block. When the pool's queue is full the client gets a 503.
using BlockingHandler = std::function<Response(Request&)>;

// A body of any length, taken piece by piece on the pool, in order and one at a time. The next piece is read from the
// client only when the last call has returned. Destroyed without `finish` if the client goes away; the
// destructor may run on the loop and must not block.
class Upload {
 public:
  virtual ~Upload() = default;
  // At most 64 KiB. An answer ends the upload early; the rest is not read.
  virtual std::optional<Response> chunk(std::string_view bytes) = 0;
  virtual Response finish() = 0;
};
// Runs on the pool once the head is there and before any of the body is read; an answer refuses the upload.
using UploadHandler = std::function<std::variant<std::unique_ptr<Upload>, Response>(Request&)>;

struct Route {
  Method method = Method::get;
  std::string path;   // the template
  std::string scope;  // opaque here
};

// Runs on the loop for every request that has a route, when its head is there and before its body is read; and again
// where the body, kept whole, had to be waited for, since who may do what may be otherwise by then. An answer stops the
// request. It may set `identity`.
using Before = std::function<std::optional<Response>(Request&, const Route&)>;

class Router {
 public:
  using Handler = std::variant<LoopHandler, AsyncHandler, BlockingHandler, UploadHandler, LiveHandler>;
  struct Endpoint {
    Route route;
    Handler handler;
    std::vector<std::pair<std::string, std::size_t>> params;  // name, index of its segment
  };
  struct Found {
    const Endpoint* endpoint = nullptr;  // none: 405 if `allow` has text, else 404
    std::string allow;
  };

  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  void on_loop(Method method, std::string path, std::string scope, LoopHandler handler);
  void async(Method method, std::string path, std::string scope, AsyncHandler handler);
  void blocking(Method method, std::string path, std::string scope, BlockingHandler handler);
  void upload(Method method, std::string path, std::string scope, UploadHandler handler);
  // Answered over a WebSocket or a chunked body for as long as the client stays (services/http/live.h). Takes no HEAD.
  void live(Method method, std::string path, std::string scope, LiveHandler handler);
  void before(Before hook);

  // Every route in the order added, so that a description of the interface can be checked against it.
  const std::vector<Route>& routes() const { return routes_; }

  // For the server: finds the route and sets the request's params.
  Found find(Request& request) const;
  std::optional<Response> run_before(Request& request, const Route& route) const;

 private:
  struct Node;
  void add(Method method, std::string path, std::string scope, Handler handler);
  static const Node* walk(const Node& node, const Request& request, std::size_t segment);

  std::unique_ptr<Node> root_;
  std::vector<Route> routes_;
  Before before_;
};

}  // namespace tenure::http
