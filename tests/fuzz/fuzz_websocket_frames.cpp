// Feeds bytes to the reader of a WebSocket client's frames, whole and cut at places that the first byte chooses: what
// comes out must be the same, no message longer than its limit, no text that is not UTF-8, nothing behind a close.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "services/http/websocket.h"

namespace {

using namespace tenure::http;

constexpr std::size_t message_bytes_max = 1'000;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Seen final : FrameSink {
  std::vector<std::string> all;
  bool closed = false;

  void note(std::string what, std::string_view text) {
    must(!closed);
    all.push_back(std::move(what) + std::string(text));
  }
  void on_message(std::string_view message) override {
    must(message.size() <= message_bytes_max);
    note("m", message);
  }
  void on_ping(std::string_view payload) override {
    must(payload.size() <= control_bytes_max);
    note("i", payload);
  }
  void on_pong(std::string_view payload) override {
    must(payload.size() <= control_bytes_max);
    note("o", payload);
  }
  void on_close(std::uint16_t code) override {
    note("c", std::to_string(code));
    closed = true;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 17;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Seen whole, cut;
  FrameReader one(message_bytes_max), other(message_bytes_max);
  const FrameFault fault = one.take(bytes, whole);
  FrameFault fault_cut = FrameFault::none;
  for (std::size_t at = 0; at < bytes.size() && fault_cut == FrameFault::none; at += piece) {
    fault_cut = other.take(bytes.substr(at, piece), cut);
  }
  must(fault == fault_cut);
  must(whole.all == cut.all);
  return 0;
}
