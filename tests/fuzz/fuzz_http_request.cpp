// Feeds bytes to the request parser the way a connection does: in pieces, request after request, until one is refused.
// The first byte chooses the pieces' size. What comes out must keep what request.h promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/http/request_reader.h"
#include "services/http/router.h"
#include "services/http/utf8.h"

namespace {

using namespace tenure::http;

void must(bool holds) {
  if (!holds) std::abort();
}

void must_be_clean(std::string_view text) { must(is_utf8(text) && text.find('\0') == std::string_view::npos); }

const Router& example_router() {
  static const Router router = [] {
    Router r;
    const LoopHandler nothing = [](Request&) { return Response(); };
    r.on_loop(Method::get, "/v1/orgs/{org}/can", "read", nothing);
    r.on_loop(Method::post, "/v1/orgs/{org}/events", "append", nothing);
    r.on_loop(Method::get, "/v1/orgs/{org}/members/{member}", "read", nothing);
    return r;
  }();
  return router;
}

void check_request(Request& request) {
  for (std::size_t i = 0; i < request.segment_count(); ++i) {
    must_be_clean(request.segment(i));
    must(request.segment(i) != "." && request.segment(i) != "..");
  }
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    must_be_clean(request.query_at(i).first);
    must_be_clean(request.query_at(i).second);
    must(request.query_times(request.query_at(i).first) >= 1);
  }
  const auto found = example_router().find(request);
  if (found.endpoint) {
    for (const auto& [name, index] : found.endpoint->params) must(!request.param(name).empty());
  }
}

// The bytes as they would lie in a connection's buffer: what has come so far and was not yet taken.
struct Incoming {
  std::string_view bytes;
  std::size_t piece;
  std::size_t from = 0;
  std::size_t to = 0;

  std::string_view unread() const { return bytes.substr(from, to - from); }
  bool more() {
    if (to == bytes.size()) return false;
    to = std::min(to + piece, bytes.size());
    return true;
  }
};

// False when no further request can be read.
bool read_one(RequestReader& reader, const ServerLimits& limits, Incoming& in) {
  std::size_t taken = 0;
  for (;;) {
    const Progress progress = reader.read_head(in.unread(), taken);
    must(taken <= in.unread().size());
    in.from += taken;
    if (progress == Progress::refused) must(reader.refusal().status >= 400);
    if (progress == Progress::refused) return false;
    if (progress == Progress::done) break;
    must(in.unread().size() <= 2 * limits.head_bytes_max);
    if (!in.more()) return false;
  }
  check_request(reader.request());
  if (reader.complete()) return true;
  if (reader.limit_body() == Progress::refused) return false;
  for (;;) {
    const Progress progress = reader.read_body(in.unread(), taken, reader.request().body);
    must(taken <= in.unread().size());
    must(reader.request().body.size() <= limits.body_bytes_max);
    in.from += taken;
    if (progress != Progress::more) return progress == Progress::done;
    if (in.unread().size() > limits.head_bytes_max || !in.more()) return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ServerLimits limits;
  limits.head_bytes_max = 512;
  limits.head_fields_max = 8;
  limits.body_bytes_max = 256;
  RequestReader reader(limits);
  Incoming in{{reinterpret_cast<const char*>(data) + 1, size - 1}, static_cast<std::size_t>(data[0] % 64) + 1};
  while (read_one(reader, limits, in)) reader.restart();
  std::string shown;
  append_shown_text(shown, in.bytes);
  must(is_utf8(shown));
  return 0;
}
