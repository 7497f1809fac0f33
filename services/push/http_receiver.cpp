// A batch is the body of one POST, over a connection that is kept while the receiver keeps it.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ctime>

#include "services/push/receiver.h"
#include "services/push/wire.h"

namespace tenure::services {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

struct Answer {
  unsigned status = 0;
  std::string body, retry_after;
  bool keep = false;
};

// Reads one answer off what came so far.
class AnswerReader {
 public:
  AnswerReader() { begin(); }

  // False: it is no HTTP.
  bool take(std::string& bytes) {
    while (!bytes.empty() && !done()) {
      error_code error;
      const std::size_t used = parser_->put(asio::buffer(bytes), error);
      bytes.erase(0, used);
      if (error == http::error::need_more) return true;
      if (error) return false;
      // 100 Continue and its like announce the answer.
      if (parser_->is_done() && parser_->get().result_int() / 100 == 1) begin();
    }
    return true;
  }
  // The connection has ended; false if the answer had not.
  bool end() {
    error_code error;
    if (!parser_->is_done()) parser_->put_eof(error);
    return !error && parser_->is_done();
  }

  bool begun() const { return parser_->got_some(); }
  // What is longer than it may be is not read to its end.
  bool done() const { return parser_->is_done() || too_long(); }
  Answer answer() const {
    const auto& message = parser_->get();
    const auto retry_after = message[http::field::retry_after];
    Answer answer{message.result_int(), message.body(), {retry_after.data(), retry_after.size()}, false};
    answer.keep = parser_->is_done() && parser_->keep_alive();
    return answer;
  }

 private:
  void begin() {
    parser_.emplace();
    parser_->eager(true);
    parser_->body_limit(boost::none);
  }
  bool too_long() const { return parser_->is_header_done() && parser_->get().body().size() > answer_bytes_max; }

  std::optional<http::response_parser<http::string_body>> parser_;
};

class HttpReceiver final : public Receiver {
 public:
  HttpReceiver(const asio::any_io_executor& loop, HttpAddress address, PushTimes times)
      : address_(std::move(address)), wire_(loop, address_.to, times) {}

  asio::awaitable<Sent> send(const std::string& batch) override {
    if (wire_.is_open()) {
      bool stale = false;
      const Sent sent = co_await exchange(batch, stale);
      // A connection that was kept may end just when it is used again: that says nothing about the receiver.
      if (!stale) co_return sent;
      wire_.close();
    }
    const Trouble why = co_await wire_.open();
    if (!why.empty()) co_return failed(why);
    bool unused = false;
    const Sent sent = co_await exchange(batch, unused);
    co_return sent;
  }

  bool settles() const override { return false; }
  bool lost() const override { return false; }
  bool ended_well() const override { return false; }
  asio::awaitable<void> part() override { co_return; }
  void close() override { wire_.close(); }

 private:
  std::string head(std::size_t bytes) const {
    std::string head = "POST " + address_.to.target + " HTTP/1.1\r\nHost: " + address_.to.authority + "\r\n";
    for (const auto& [name, value] : address_.headers) head += name + ": " + value + "\r\n";
    return head + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
  }

  Sent failed(const std::string& because) {
    wire_.close();
    return {Sent::How::failed, because, {}};
  }

  // `stale`: the connection ended before anything was answered.
  asio::awaitable<Sent> exchange(const std::string& batch, bool& stale) {
    const std::string start = head(batch.size());
    Trouble why = co_await wire_.write(start);
    if (why.empty()) why = co_await wire_.write(batch);
    // Whoever takes no more may have said why.
    AnswerReader reader;
    std::string bytes;
    while (!reader.done()) {
      const std::size_t before = bytes.size();
      Trouble trouble = "the connection is closed";
      if (wire_.is_open()) trouble = co_await wire_.read(bytes);
      if (!trouble.empty()) {
        stale = !reader.begun();
        co_return failed(address_.to.authority + ": " + (why.empty() ? trouble : why));
      }
      if (bytes.size() == before) {
        stale = !reader.begun();
        if (!reader.begun() || !reader.end()) {
          co_return failed(address_.to.authority + " closed the connection without an answer");
        }
        break;
      }
      if (!reader.take(bytes)) co_return failed("what " + address_.to.authority + " answers is no HTTP");
    }
    const Answer answer = reader.answer();
    // What was not all written cannot have been taken, whatever is answered.
    if (!why.empty() && answer.status / 100 == 2) co_return failed(address_.to.authority + ": " + why);
    if (!answer.keep || !why.empty()) wire_.close();
    co_return judged(answer);
  }

  Sent judged(const Answer& answer) const {
    if (answer.status / 100 == 2) return {};
    const bool later = answer.status / 100 == 5 || answer.status == 408 || answer.status == 425 || answer.status == 429;
    Sent sent{later ? Sent::How::failed : Sent::How::refused, {}, {}};
    sent.because = address_.to.authority + " answered " + std::to_string(answer.status);
    if (const auto said = said_by(answer.body, address_.secret); !said.empty()) sent.because += ": " + said;
    if (answer.status / 100 == 3) sent.because += " (redirections are not followed: give the final address)";
    sent.retry_after = retry_after_of(answer.retry_after, std::chrono::system_clock::now());
    return sent;
  }

  const HttpAddress address_;
  Wire wire_;
};

}  // namespace

std::unique_ptr<Receiver> http_receiver(const asio::any_io_executor& loop, HttpAddress address, PushTimes times) {
  return std::make_unique<HttpReceiver>(loop, std::move(address), times);
}

namespace {

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Its runs of letters and digits: what is left as it is however a text is escaped.
std::vector<std::string_view> runs_of(std::string_view secret) {
  std::vector<std::string_view> runs;
  for (std::size_t at = 0; at < secret.size();) {
    std::size_t end = at;
    while (end < secret.size() && is_plain(secret[end])) ++end;
    if (end > at) runs.push_back(secret.substr(at, end - at));
    at = end + 1;
  }
  return runs;
}

// Whether the text, from which the secret itself is gone, shows it otherwise written: all its runs in order, or so much
// of one that it is no chance.
bool shows_otherwise(std::string_view text, std::string_view secret) {
  constexpr std::size_t no_chance = 8;
  const auto runs = runs_of(secret);
  bool all = !runs.empty();
  std::size_t at = 0;
  for (const std::string_view run : runs) {
    at = text.find(run, at);
    if (at == std::string_view::npos) {
      all = false;
      break;
    }
    at += run.size();
  }
  if (all) return true;
  for (const std::string_view run : runs) {
    for (std::size_t from = 0; from + no_chance <= run.size(); ++from) {
      if (text.find(run.substr(from, no_chance)) != std::string_view::npos) return true;
    }
  }
  return false;
}

// The text with something else in place of each occurrence.
std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string all(text);
  for (std::size_t at = 0; !what.empty() && (at = all.find(what, at)) != std::string::npos; at += by.size()) {
    all.replace(at, what.size(), by);
  }
  return all;
}

}  // namespace

std::string said_by(std::string_view text, std::string_view secret) {
  text = text.substr(0, answer_bytes_max);
  if (shows_otherwise(replaced(text, secret, "\n"), secret)) return {};
  const std::string all = replaced(text, secret, "(token)");
  std::string out;
  for (const char c : all) {
    if (out.size() >= said_bytes_max) return out + "…";
    out += c >= ' ' && c < 0x7f ? c : ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::optional<std::chrono::seconds> retry_after_of(std::string_view value, std::chrono::system_clock::time_point now) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), is_digit)) {
    return value.size() > 9 ? std::chrono::seconds(999'999'999) : std::chrono::seconds(std::stol(std::string(value)));
  }
  std::tm date{};
  const std::string text(value);
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (!end || *end != '\0') return std::nullopt;
  // In seconds: a clock that counts nanoseconds has no dates behind 2262.
  const auto since_1970 = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  return std::max(std::chrono::seconds(0), std::chrono::seconds(::timegm(&date)) - since_1970);
}

}  // namespace tenure::services
