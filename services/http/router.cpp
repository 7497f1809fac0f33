#include "services/http/router.h"

#include <cassert>

namespace tenure::http {

// One segment of the templates' tree.
struct Router::Node {
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> texts;
  std::unique_ptr<Node> any;
  std::vector<std::unique_ptr<Endpoint>> endpoints;  // by method
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::on_loop(Method method, std::string path, std::string scope, LoopHandler handler) {
  add(method, std::move(path), std::move(scope), Handler(std::in_place_index<0>, std::move(handler)));
}
void Router::async(Method method, std::string path, std::string scope, AsyncHandler handler) {
  add(method, std::move(path), std::move(scope), Handler(std::in_place_index<1>, std::move(handler)));
}
void Router::blocking(Method method, std::string path, std::string scope, BlockingHandler handler) {
  add(method, std::move(path), std::move(scope), Handler(std::in_place_index<2>, std::move(handler)));
}
void Router::upload(Method method, std::string path, std::string scope, UploadHandler handler) {
  add(method, std::move(path), std::move(scope), Handler(std::in_place_index<3>, std::move(handler)));
}
void Router::live(Method method, std::string path, std::string scope, LiveHandler handler) {
  add(method, std::move(path), std::move(scope), Handler(std::in_place_index<4>, std::move(handler)));
}
void Router::before(Before hook) { before_ = std::move(hook); }

void Router::add(Method method, std::string path, std::string scope, Handler handler) {
  assert(!path.empty() && path.front() == '/' && "a template begins with '/'");
  auto endpoint = std::make_unique<Endpoint>();
  Node* node = root_.get();
  std::size_t index = 0;
  for (std::size_t at = 1; at <= path.size(); ++index) {
    std::size_t end = path.find('/', at);
    if (end == std::string::npos) end = path.size();
    const std::string segment = path.substr(at, end - at);
    at = end + 1;
    if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') {
      endpoint->params.emplace_back(segment.substr(1, segment.size() - 2), index);
      if (!node->any) node->any = std::make_unique<Node>();
      node = node->any.get();
      continue;
    }
    Node* next = nullptr;
    for (auto& [text, child] : node->texts) {
      if (text == segment) next = child.get();
    }
    if (!next) next = node->texts.emplace_back(segment, std::make_unique<Node>()).second.get();
    node = next;
  }
  for ([[maybe_unused]] const auto& other : node->endpoints) {
    assert(other->route.method != method && "two routes with the same method and shape");
  }
  endpoint->route = {method, std::move(path), std::move(scope)};
  endpoint->handler = std::move(handler);
  routes_.push_back(endpoint->route);
  node->endpoints.push_back(std::move(endpoint));
}

// Depth is bounded by the templates' own length, whatever the path is.
const Router::Node* Router::walk(const Node& node, const Request& request, std::size_t segment) {
  if (segment == request.segment_count()) return node.endpoints.empty() ? nullptr : &node;
  const std::string_view here = request.segment(segment);
  for (const auto& [text, child] : node.texts) {
    if (text != here) continue;
    if (const Node* found = walk(*child, request, segment + 1)) return found;
  }
  // An empty segment ("//", or '/' at the end) names nothing.
  if (node.any && !here.empty()) return walk(*node.any, request, segment + 1);
  return nullptr;
}

Router::Found Router::find(Request& request) const {
  const Node* node = walk(*root_, request, 0);
  if (!node) return {};
  const Method wanted = request.method == Method::head ? Method::get : request.method;
  for (const auto& endpoint : node->endpoints) {
    if (endpoint->route.method != wanted) continue;
    for (const auto& [name, index] : endpoint->params) request.add_param(name, index);
    return {endpoint.get(), {}};
  }
  Found found;
  for (const auto& endpoint : node->endpoints) {
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += to_text(endpoint->route.method);
    if (endpoint->route.method == Method::get) found.allow += ", HEAD";
  }
  return found;
}

std::optional<Response> Router::run_before(Request& request, const Route& route) const {
  if (!before_) return std::nullopt;
  return before_(request, route);
}

}  // namespace tenure::http
