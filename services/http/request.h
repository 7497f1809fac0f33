// One HTTP request as a route sees it: decoded path, query, header fields, body, and who asks.
//
// Owned by its connection until a handler that takes `Request&&` takes it over. One thread at a time.
// Every string_view that it answers lives as long as the request is neither moved nor changed.
// Whatever the client sent, segments and query are well-formed UTF-8 without NUL by the time a handler sees them.
// Header values are bytes as sent: escape them (append_shown_text) before showing them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenure::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, other };

std::string_view to_text(Method method);

// The client's end of the connection.
struct Peer {
  std::array<std::uint8_t, 16> address{};  // IPv4 in the first four bytes
  bool is_v6 = false;
  std::uint16_t port = 0;

  std::string address_text() const;  // "127.0.0.1", "::1"
};

// Thrown by a handler on the pool whose client has gone: nothing is answered, and the connection is cut.
struct ClientGone : std::exception {
  const char* what() const noexcept override { return "the client has gone"; }
};

class Request {
 public:
  Method method = Method::other;
  Peer peer;
  std::string body;
  // Put there by the router's `before` hook; the HTTP floor never looks inside.
  std::shared_ptr<const void> identity;

  // For handlers that one answer asks again and again, piece by piece: where they keep what they found. Never there in
  // a client's own request.
  std::shared_ptr<std::shared_ptr<const void>> kept;

  // Whether the client has closed its end since, or was cut off: what a long answer on the pool asks now and then.
  // Never true in a request that came over no connection.
  bool client_gone() const { return gone && gone->load(std::memory_order_relaxed); }
  std::shared_ptr<const std::atomic<bool>> gone;  // set by the connection
  // Ends the handler where that is so: throws ClientGone.
  void go_on() const;

  // The identity as the type it was put in as.
  template <class T>
  const T* identity_as() const {
    return static_cast<const T*>(identity.get());
  }

  // Path and query as sent, still percent-encoded.
  std::string_view target() const { return view(target_); }

  std::size_t segment_count() const { return segments_.size(); }
  std::string_view segment(std::size_t i) const { return view(segments_[i]); }

  // What stands in the path for `{name}` of the matched route. A name that the route does not have is a bug.
  std::string_view param(std::string_view name) const;

  // Query parameters in the order sent; '+' is a plus, not a space, so that "+02:00" survives. A parameter without '='
  // has an empty value.
  std::size_t query_count() const { return query_.size(); }
  std::pair<std::string_view, std::string_view> query_at(std::size_t i) const;
  // The first parameter of that name.
  std::optional<std::string_view> query(std::string_view name) const;
  // How often a name is there: routes refuse what is said twice.
  std::size_t query_times(std::string_view name) const;

  // The first header field of that name, in any case.
  std::optional<std::string_view> header(std::string_view name) const;
  std::size_t header_times(std::string_view name) const;
  // All fields of that name as one, with commas between, which is what a list said in several fields means.
  std::string header_list(std::string_view name) const;

  // For those who make requests: the parser, the router and tests.
  void clear();  // keeps the memory
  void set_target(std::string_view target);
  void add_segment(std::string_view decoded);
  void add_query(std::string_view name, std::string_view value);
  void add_header(std::string_view name, std::string_view value);
  // `name` must outlive the request: it is the route's own.
  void add_param(std::string_view name, std::size_t segment) { params_.push_back({name, segment}); }

 private:
  struct Span {
    std::uint32_t from = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };
  struct Param {
    std::string_view name;
    std::size_t segment;
  };

  std::string_view view(Span s) const { return std::string_view(text_).substr(s.from, s.size); }
  Span keep(std::string_view text);

  std::string text_;  // all text of the head, so that a request costs one allocation and moves cheaply
  Span target_;
  std::vector<Span> segments_;
  std::vector<Field> query_;
  std::vector<Field> headers_;
  std::vector<Param> params_;
};

// ASCII letters compare equal in either case, as header names do.
bool same_name(std::string_view a, std::string_view b);

}  // namespace tenure::http
