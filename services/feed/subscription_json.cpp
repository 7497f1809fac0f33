#include <charconv>
#include <nlohmann/json.hpp>

#include "events/wire/json_read.h"
#include "events/wire/json_text.h"
#include "services/feed/subscription.h"
#include "services/http/limits.h"
#include "services/http/websocket.h"

namespace tenure::services {
namespace {

// What a client says wrong is answered; a flood of it is answered that many times between two writes.
constexpr std::size_t replies_at_once_max = 8;
// What a connection sends are parts of blocks, which it keeps alive whole.
constexpr std::size_t fill_bytes_max = http::ServerLimits{}.live_buffer_bytes_max - block_bytes_max;
constexpr std::size_t fill_pieces_max = 256;

// A filter that lets through fewer than one in so many comes before the encoding. Looking at an event costs a good part
// of encoding it, and each that passes is then read again.
constexpr std::uint64_t sparse_from = 8;
// What was looked at before that counts half, so that a filter's past does not decide for ever.
constexpr std::uint64_t looked_at_of_late = 1'024;

std::string_view word_of(http::CloseCode code) {
  switch (code) {
    case http::CloseCode::going_away:
      return "shutdown";
    case http::CloseCode::service_restart:
      return "restart";
    case http::CloseCode::try_again_later:
      break;
  }
  return "no_progress";
}

std::string_view sentence_of(http::CloseCode code) {
  switch (code) {
    case http::CloseCode::going_away:
      return "The server is shutting down; go on from the cursor when it is back.";
    case http::CloseCode::service_restart:
      return "The server restarts; go on from the cursor in a moment.";
    case http::CloseCode::try_again_later:
      break;
  }
  return "Nothing was taken and nothing was said for a minute; go on from the cursor when you can.";
}

// A long poll is woken at its end too, whatever it wants.
std::shared_ptr<const Wants> wants_of(const FeedWish& wish, Position newest) {
  const std::uint64_t end = wish.wait ? newest.value : UINT64_MAX;
  auto wants = std::make_shared<Wants>();
  if (!wish.wait) {
    wants->key = wish.filter.key();
    wants->orgs = wish.filter.orgs.empty() ? wish.filter.seen_orgs : wish.filter.orgs;
  }
  wants->in = [filter = wish.filter, end](const Block& block, Position from) {
    if (block.last().value >= end) return true;
    for (Position at = from; at <= block.last(); at = at.next()) {
      if (filter.passes(block, at)) return true;
    }
    return false;
  };
  return wants;
}

std::string_view word_of(http::Ending how) {
  static constexpr std::string_view words[] = {"by_stream",   "client_closed",  "client_lost", "protocol_error",
                                               "no_progress", "server_stopped", "failed"};
  return words[static_cast<std::size_t>(how)];
}

}  // namespace

Subscription::Subscription(Feed& feed, FeedWish wish, std::uint64_t number)
    : feed_(feed), wish_(std::move(wish)), number_(number), next_(wish_.from), sparse_(!wish_.filter.passes_all()) {
  if (wish_.consumer) acknowledged_ = wish_.consumer->durable;
}

Subscription::~Subscription() {
  if (!begun_ && wish_.consumer) feed_.consumers().detach(wish_.consumer);
}

void Subscription::begin(http::Waker waker) {
  begun_ = true;
  waker_ = std::move(waker);
  sent_at_ = came_at_ = Clock::now();
  newest_at_first_ = feed_.head();
  if (!wish_.filter.passes_all()) wants_ = wants_of(wish_, newest_at_first_);
  feed_.joined(wish_.kind.framing);
  if (wish_.consumer) {
    const std::lock_guard lock(wish_.consumer->guard);
    wish_.consumer->waker = waker_;
  }
  say_hello();
}

void Subscription::say(std::string_view name, const std::string& message, Position id) {
  append_control(said_, wish_.kind.framing, name, message, id);
}

void Subscription::say_hello() {
  JsonText json;
  json.open('{').field("type", "hello").field("store", feed_.store().id());
  json.field("oldest", std::uint64_t{1}).field("newest", feed_.head().value).field("cursor", next_.value);
  json.field("format", formats::name_of(wish_.kind.format)).field("time", feed_.now());
  json.field("heartbeat_ms", static_cast<std::uint64_t>(feed_.times().heartbeat_every.count()));
  if (wish_.wait) json.field("wait_ms", static_cast<std::uint64_t>(wish_.wait->count()));
  if (wish_.limit) json.field("limit", *wish_.limit);
  if (wish_.consumer) json.field("consumer", wish_.consumer->consumer);
  if (is(Framing::sse)) said_ += "retry: 1000\n";
  say("hello", json.close('}').take());
}

// The last one says where to go on; one that answers a client's message does not end anything.
void Subscription::say_error(std::string_view code, std::string_view because, bool last) {
  JsonText json;
  json.open('{').field("type", "error").field("code", code).field("detail", because);
  json.field("cursor", next_.value).field("retry", last);
  say("error", json.close('}').take(), last ? through() : Position(0));
}

void Subscription::say_heartbeat() {
  JsonText json;
  json.open('{').field("type", "heartbeat").field("through", through().value).field("newest", feed_.head().value);
  say("heartbeat", json.field("time", feed_.now()).close('}').take(), through());
}

// ---- what is sent ----

void Subscription::fill(http::Outgoing& out) {
  if (over_) return;
  look_at_token();
  look_at_consumer();
  replies_ = 0;
  if (!said_.empty()) {
    out.add(std::exchange(said_, {}));
    sent_at_ = Clock::now();
  }
  if (leaving_) return finish(out);
  add_events(out);
  if (over_) return;
  const auto now = Clock::now();
  if (now - sent_at_ >= feed_.times().heartbeat_every) {
    say_heartbeat();
    out.add(std::exchange(said_, {}));
    sent_at_ = now;
  }
  end_if_done(out);
}

// A thousand idle clients are asked every second: without the lock that all share.
bool Subscription::is_due() {
  if (wish_.consumer || wish_.wait) return true;
  look_at_token();
  return leaving_ || Clock::now() - sent_at_ >= feed_.times().heartbeat_every;
}

void Subscription::add_events(http::Outgoing& out) {
  const Position before = next_;
  const std::uint64_t events = events_;
  const std::size_t bytes = out.bytes();
  // However little of a block is sent, all of it stays in memory until then.
  std::size_t kept = 0;
  while (out.bytes() < fill_bytes_max && kept < fill_bytes_max && out.pieces().size() < fill_pieces_max) {
    if (wish_.limit && events_ >= *wish_.limit) break;
    const auto block = next_block();
    if (!block) break;
    if (const auto& failure = block->failure()) {
      reason_ = "failed";
      leaving_ = http::CloseCode::try_again_later;
      say_error("failed", failure->because, true);
      out.add(std::exchange(said_, {}));
      return finish(out);
    }
    const std::size_t pieces = out.pieces().size();
    const bool whole = add_block(out, block);
    if (out.pieces().size() > pieces) kept += block->bytes().size();
    if (!whole) break;
  }
  if (events_ > events) came_at_ = sent_at_ = Clock::now();
  note_sent();
  feed_.sent(events_ - events, out.bytes() - bytes);
  if (wish_.ack_by_pong && next_ > before) add_ping(out);
}

// The block with the next message that may be sent; null: not yet, and the waker will be used.
std::shared_ptr<const Block> Subscription::next_block() {
  if (!sparse_) return feed_.find(wish_.kind, next_, number_, waker_);
  if (auto held = feed_.held(wish_.kind, next_)) return held;
  return next_that_passes();
}

// Moves over what does not pass, by traits alone, to a block of the single position that does. Those that pass behind
// it are asked for too, so that they are there in time.
std::shared_ptr<const Block> Subscription::next_that_passes() {
  Kind single = wish_.kind;
  single.part = Part::single;
  for (;;) {
    while (!passing_.empty() && passing_.front() < next_) passing_.pop_front();
    if (!passing_.empty()) {
      next_ = passing_.front();
      return feed_.find(single, next_, number_, waker_);
    }
    if (next_ <= passing_through_) next_ = passing_through_.next();
    const Position before = next_;
    const auto traits = feed_.find_traits(next_, number_, waker_, wants_);
    if (next_ > before) count(next_.value - before.value, 0);
    if (!traits || traits->failure()) return traits;
    passing_through_ = traits->last();
    for (Position at = next_; at <= passing_through_; at = at.next()) {
      if (wish_.filter.passes(*traits, at)) passing_.push_back(at);
    }
    count(passing_through_.value - next_.value + 1, passing_.size());
    if (!sparse_) {
      passing_.clear();
      passing_through_ = Position(0);
      return feed_.find(wish_.kind, next_, number_, waker_);
    }
    for (const Position at : passing_) feed_.ask(single, at);
  }
}

void Subscription::count(std::uint64_t looked_at, std::uint64_t passed) {
  looked_at_ += looked_at;
  passed_ += passed;
  sparse_ = passed_ * sparse_from < looked_at_;
  if (looked_at_ < looked_at_of_late) return;
  looked_at_ /= 2;
  passed_ /= 2;
}

// Whole runs of what passes, as one piece each. False when it did not all fit.
bool Subscription::add_block(http::Outgoing& out, const std::shared_ptr<const Block>& block) {
  const bool all = wish_.filter.passes_all();
  const Position before = next_;
  const std::uint64_t events = events_;
  const std::size_t room = out.bytes() < fill_bytes_max ? fill_bytes_max - out.bytes() : 0;
  std::size_t run_from = 0, run_to = 0, added = 0;
  const auto add_run = [&] {
    if (run_to > run_from) out.add(http::Piece{block, block->bytes().substr(run_from, run_to - run_from)});
    run_from = run_to = 0;
  };
  for (; next_ <= block->last(); next_ = next_.next()) {
    if (!all && !wish_.filter.passes(*block, next_)) {
      add_run();
      continue;
    }
    if (wish_.limit && events_ >= *wish_.limit) break;
    const std::size_t from = block->begin_of(next_), to = block->begin_of(next_.next());
    // A message that alone is longer than a fill may be goes out alone.
    if (added + (to - from) > room && (added > 0 || out.bytes() > 0)) break;
    if (run_to != from || run_to == run_from) {
      add_run();
      run_from = from;
    }
    run_to = to;
    added += to - from;
    ++events_;
  }
  add_run();
  const bool whole = block->first() < block->last() || !sparse_;
  if (!all && whole) count(next_.value - before.value, events_ - events);
  return next_ > block->last();
}

// In order behind the events that it names: what answers it has them.
void Subscription::add_ping(http::Outgoing& out) {
  std::string ping;
  http::append_frame(ping, http::Opcode::ping, std::to_string(through().value));
  pinged_ = through();
  out.add(std::move(ping));
}

// A token that is revoked or expires sees nothing from then on; that it does is said by the next handshake's 401.
void Subscription::look_at_token() {
  const auto now = Clock::now();
  if (leaving_ || !wish_.allowed || now - asked_at_ < std::chrono::seconds(1)) return;
  asked_at_ = now;
  if (wish_.allowed()) return;
  reason_ = "token_ended";
  leaving_ = http::CloseCode::try_again_later;
  say_error("token_ended", "The token was revoked or has expired; go on from the cursor with another.", true);
}

void Subscription::look_at_consumer() {
  if (!wish_.consumer || leaving_) return;
  if (wish_.consumer->lost) {
    reason_ = "taken_over";
    leaving_ = http::CloseCode::try_again_later;
    say_error("taken_over",
              "The consumer was connected elsewhere, reset or deleted; one connection at a time follows as it.", true);
    return;
  }
  const std::uint64_t durable = wish_.consumer->durable;
  if (durable <= acknowledged_) return;
  acknowledged_ = durable;
  if (!tells_acknowledged_) return;
  JsonText json;
  say("acknowledged", json.open('{').field("type", "acknowledged").field("position", durable).close('}').take());
}

void Subscription::note_sent() {
  if (wish_.consumer) wish_.consumer->sent = through().value;
}

// The farewell has been said; the close frame's reason repeats the cursor, for clients that see nothing else.
void Subscription::finish(http::Outgoing& out) {
  over_ = true;
  note_sent();
  out.end(*leaving_, "cursor=" + std::to_string(next_.value));
}

// A long poll's end: the number asked for, or nothing that matches for the time asked for, once all that there was when
// it began has been looked at.
void Subscription::end_if_done(http::Outgoing& out) {
  const bool enough = wish_.limit && events_ >= *wish_.limit;
  const bool waited = wish_.wait && Clock::now() - came_at_ >= *wish_.wait && next_ > newest_at_first_;
  if (!enough && !waited) return;
  reason_ = "served";
  say_heartbeat();
  out.add(std::exchange(said_, {}));
  over_ = true;
  out.end(http::CloseCode::going_away, {});
}

void Subscription::leave(http::CloseCode code) {
  if (leaving_) return;
  leaving_ = code;
  reason_ = std::string(word_of(code));
  say_error(word_of(code), sentence_of(code), true);
}

// ---- what is heard ----

void Subscription::heard(std::string_view message) {
  const auto answer = [&](std::string_view code, const std::string& because) {
    if (++replies_ <= replies_at_once_max) say_error(code, because, false);
  };
  if (replies_ >= replies_at_once_max && !wish_.consumer) return;  // a flood is not even read
  const auto read = read_json(message, "");
  if (!read) return answer("malformed_json", "a message must be one JSON object: " + read.error().because);
  if (!read->is_object() || !read->contains("type") || !read->at("type").is_string()) {
    return answer("unknown_message", "a message must be an object with a \"type\".");
  }
  const auto& type = read->at("type").get_ref<const std::string&>();
  if (type != "ack") {
    return answer("unknown_message",
                  "there is no message of this type; a consumer may send {\"type\":\"ack\",\"position\":N}.");
  }
  if (!wish_.consumer) {
    return answer("not_a_consumer", "only a named consumer acknowledges; connect with consumer=NAME.");
  }
  if (!read->contains("position") || !read->at("position").is_number_unsigned()) {
    return answer("invalid_field", "\"position\" must be a whole number.");
  }
  const Position position(read->at("position").get<std::uint64_t>());
  if (position > through()) {
    return answer("invalid_field", "position " + std::to_string(position.value) + " has not been sent; " +
                                       std::to_string(through().value) + " is the newest that has.");
  }
  tells_acknowledged_ = true;
  acknowledge(position);
}

void Subscription::ponged(std::string_view payload) {
  if (!wish_.consumer || !wish_.ack_by_pong || payload.empty()) return;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  // A pong that nobody asked for proves nothing.
  if (error != std::errc() || end != payload.data() + payload.size() || Position(number) > pinged_) return;
  acknowledge(Position(number));
}

void Subscription::acknowledge(Position position) {
  if (!feed_.consumers().acknowledge(*wish_.consumer, position)) wish_.consumer->lost = true;
}

void Subscription::ended(http::Ending how) {
  for (const Part part : {Part::whole, Part::single}) {
    Kind kind = wish_.kind;
    kind.part = part;
    feed_.forget(kind, number_);
  }
  feed_.forget(traits_kind, number_);
  if (wish_.consumer) feed_.consumers().detach(wish_.consumer);
  const bool own_reason = !reason_.empty() && how != http::Ending::client_closed && how != http::Ending::client_lost;
  feed_.left(wish_, own_reason ? std::string_view(reason_) : word_of(how), next_);
  over_ = true;
}

}  // namespace tenure::services
