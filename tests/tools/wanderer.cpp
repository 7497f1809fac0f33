#include "tests/tools/wanderer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

#include "tests/feed_socket.h"
#include "tools/tenure/http_client.h"

namespace tenure::test {
namespace {

// The number behind the last `name`: what an event says of itself stands behind what clients wrote.
std::uint64_t number_of(std::string_view text, std::string_view name) {
  const std::size_t at = text.rfind(name);
  std::uint64_t number = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), number);
  }
  return number;
}

void sleep_ms(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

}  // namespace

Wanderer::Wanderer(const World& world, std::uint64_t seed, Habits habits)
    : world_(world), random_(seed), habits_(std::move(habits)) {}

void Wanderer::run() {
  while (!done()) {
    try {
      if (world_.port == 0) throw std::runtime_error("down");
      follow();
    } catch (const std::exception&) {
      sleep_ms(20);  // the server is down, or went while the connection was made: again, elsewhere
    }
  }
}

void Wanderer::fault(const std::string& what) {
  if (faults_.size() < 10) faults_.push_back(what);
}

std::string Wanderer::target() {
  std::string target = "/v1/feed?cursor=" + std::to_string(habits_.consumer.empty() ? next_ : 1);
  if (!habits_.consumer.empty()) target += "&consumer=" + habits_.consumer + (habits_.acks_by_pong ? "&ack=pong" : "");
  if (!habits_.org.empty()) target += "&org=" + habits_.org;
  if (habits_.carrier == FeedCarrier::ndjson) target += "&wait=1&limit=" + std::to_string(1 + random_() % 3'000);
  return target;
}

void Wanderer::follow() {
  due_ = since_ack_ = 0;
  left_ = 1 + random_() % 3'000;
  if (habits_.carrier == FeedCarrier::websocket) {
    follow_frames();
  } else {
    follow_lines();
    if (!habits_.consumer.empty()) acknowledge_by_request();
  }
}

void Wanderer::follow_frames() {
  FrameSocket socket(world_.port, target(), world_.token);
  ++sessions_;
  while (auto frame = socket.read()) {
    if (frame->opcode == Opcode::ping) {
      // A ping with a number says what a heartbeat does.
      if (!frame->payload.empty()) moved_to(number_of(frame->payload, ""));
      socket.send(Opcode::pong, frame->payload);
    }
    if (frame->opcode != Opcode::text) continue;
    if (!take(frame->payload)) return;
    const std::uint64_t ack = habits_.consumer.empty() || habits_.acks_by_pong ? 0 : acknowledgement_due();
    if (ack > 0) socket.send(Opcode::text, R"({"type":"ack","position":)" + std::to_string(ack) + "}");
  }
}

// An event of server-sent events has its message in one line; in the long poll that is all of it.
void Wanderer::follow_lines() {
  const bool sse = habits_.carrier == FeedCarrier::sse;
  LineSocket socket(world_.port, target(), world_.token, sse ? "text/event-stream" : "application/x-ndjson");
  ++sessions_;
  std::string id;
  while (auto line = socket.read()) {
    if (sse && line->starts_with("id: ")) id = line->substr(4);
    if (sse && !line->starts_with("data: ")) continue;
    const std::string text = sse ? line->substr(6) : *line;
    if (!take(text)) return;
    if (sse && !text.starts_with(R"({"type":)") && id != std::to_string(due_ - 1)) fault("id " + id + " of " + text);
    if (!habits_.consumer.empty() && acknowledgement_due() > 0) acknowledge_by_request();
  }
}

// False when it drops the connection, or has seen all.
bool Wanderer::take(const std::string& text) {
  if (text.starts_with(R"({"type":"hello")")) {
    take_hello(text);
  } else if (text.starts_with(R"({"type":"acknowledged")")) {
    durable_ = number_of(text, R"("position":)");
  } else if (text.starts_with(R"({"type":"heartbeat")")) {
    const std::uint64_t through = number_of(text, R"("through":)");
    if (habits_.org.empty() && through != due_ - 1)
      fault("through " + std::to_string(through) + " where " + std::to_string(due_) + " was due");
    moved_to(through);
  } else if (!text.starts_with(R"({"type":)")) {
    take_event(text);
    if (random_() % 2'000 == 0) sleep_ms(random_() % 500);
    if (random_() % 30'000 == 0) sleep_ms(random_() % 5'000);  // far behind
    if (--left_ == 0) return false;
  }
  return !done();
}

void Wanderer::take_hello(std::string_view text) {
  due_ = number_of(text, R"("cursor":)");
  if (habits_.consumer.empty() && due_ != next_)
    fault("begun at " + std::to_string(due_) + ", asked " + std::to_string(next_));
  if (due_ <= durable_) fault("acknowledged " + std::to_string(durable_) + ", begun at " + std::to_string(due_));
  // What a filter leaves out is acknowledged with what it lets through.
  if (due_ > next_ && habits_.org.empty())
    fault("begun at " + std::to_string(due_) + " after " + std::to_string(next_ - 1));
}

void Wanderer::take_event(const std::string& text) {
  const std::uint64_t position = number_of(text, R"("position":)");
  const std::size_t hash = std::hash<std::string>{}(text);
  if (position < due_ || (position > due_ && habits_.org.empty())) {
    fault("position " + std::to_string(position) + " for " + std::to_string(due_));
  }
  due_ = position + 1;
  ++since_ack_;
  if (position >= next_) {
    seen_.emplace_back(position, hash);
    next_ = position + 1;
    return;
  }
  ++again_;
  const auto known = std::lower_bound(seen_.begin(), seen_.end(), Seen(position, 0));
  if (habits_.consumer.empty()) fault("position " + std::to_string(position) + " twice");
  if (known == seen_.end() || *known != Seen(position, hash)) fault("another event at " + std::to_string(position));
}

// All that matches was sent up to there.
void Wanderer::moved_to(std::uint64_t through) {
  due_ = std::max(due_, through + 1);
  next_ = std::max(next_, through + 1);
  if (through > durable_) ++since_ack_;
}

// The position to acknowledge now; 0: none yet.
std::uint64_t Wanderer::acknowledgement_due() {
  if (since_ack_ <= random_() % 200) return 0;
  since_ack_ = 0;
  return due_ - 1;
}

void Wanderer::acknowledge_by_request() {
  const std::uint64_t position = due_ == 0 ? 0 : due_ - 1;
  const std::string port = std::to_string(world_.port);
  if (position == 0 || port == "0") return;
  const auto answer =
      http_request(*server_address("http://127.0.0.1:" + port), {"POST",
                                                                 "/v1/consumers/" + habits_.consumer + "/ack",
                                                                 world_.token,
                                                                 R"({"position":)" + std::to_string(position) + "}",
                                                                 {}});
  if (answer && answer->status == 200) durable_ = std::max(durable_, position);
}

}  // namespace tenure::test
