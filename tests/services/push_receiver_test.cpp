// What becomes of one batch, without a server around it: receivers that take it, fail, end and break.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "services/push/receiver.h"
#include "tests/catch.h"
#include "tests/push_receivers.h"

namespace {

using namespace tenure::services;
using namespace tenure::test;
namespace asio = boost::asio;
using std::chrono::milliseconds;
using How = Sent::How;

// The sinks' loop, and short times.
class Loop {
 public:
  Loop() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {
    times.answer = milliseconds(5'000);
    times.connect = milliseconds(5'000);
  }
  ~Loop() {
    io_.stop();
    thread_.join();
  }

  std::unique_ptr<Receiver> http(const std::string& url) {
    const HttpAddress address{
        *parse_destination(SinkKind::ndjson, url, "url"), {{"Authorization", "Bearer abc"}}, "abc"};
    return http_receiver(io_.get_executor(), address, times);
  }
  std::unique_ptr<Receiver> syslog(const SyslogTaker& taker) { return syslog(taker.address()); }
  std::unique_ptr<Receiver> syslog(const std::string& address) {
    const auto to = *parse_destination(SinkKind::syslog, "tcp://" + address, "url");
    return syslog_receiver(io_.get_executor(), to, times, [this] { told.set_value(); });
  }
  Sent send(Receiver& to, const std::string& batch) {
    return asio::co_spawn(io_, to.send(batch), asio::use_future).get();
  }
  // On the loop's own thread, which hears of nothing between the two.
  Sent send_after(const std::function<void()>& what, Receiver& to, const std::string& batch) {
    std::future<Sent> sent;
    asio::post(io_, asio::use_future([&] {
                 what();
                 sent = asio::co_spawn(io_, to.send(batch), asio::use_future);
               }))
        .get();
    return sent.get();
  }
  Sent send_once(const std::string& url) {
    const auto receiver = http(url);
    Sent sent = send(*receiver, "a\n");
    close(*receiver);
    return sent;
  }
  void part(Receiver& from) { asio::co_spawn(io_, from.part(), asio::use_future).get(); }
  void close(Receiver& one) {
    asio::post(io_, asio::use_future([&one] { one.close(); })).get();
    // What that cut short has come to its end as well before the receiver goes.
    asio::post(io_, asio::use_future([] {})).get();
  }
  // The connection has ended by itself.
  bool heard() { return told.get_future().wait_for(std::chrono::minutes(1)) == std::future_status::ready; }

  PushTimes times;
  std::promise<void> told;

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

std::string frames(int count) {
  const std::string text =
      "<109>1 2024-02-29T08:00:00Z h tenure - member.added [tenure@32473 id=\"a:1\" org=\"acme\"] \xEF\xBB\xBFhey";
  std::string all;
  for (int i = 0; i < count; ++i) all += std::to_string(text.size()) + " " + text;
  return all;
}

int listening_at(std::string& address) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in end{};
  end.sin_family = AF_INET;
  end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof end;
  REQUIRE(::bind(listening, reinterpret_cast<sockaddr*>(&end), size) == 0);
  REQUIRE(::listen(listening, 1) == 0);
  REQUIRE(::getsockname(listening, reinterpret_cast<sockaddr*>(&end), &size) == 0);
  address = "127.0.0.1:" + std::to_string(ntohs(end.sin_port));
  return listening;
}

}  // namespace

TEST_CASE("an HTTP receiver has a batch when it says so, and each of its other answers is told apart") {
  Loop loop;
  HttpTaker taker;
  const auto receiver = loop.http("http://" + taker.address() + "/x?y");
  CHECK(loop.send(*receiver, "{\"position\":1}\n").how == How::taken);
  const std::string large(std::size_t{1} << 20, 'x');
  CHECK(loop.send(*receiver, large).how == How::taken);
  REQUIRE(taker.taken().size() == 2);
  CHECK(taker.taken().front().target == "/x?y");
  CHECK(taker.taken().back().body == large);
  taker.decide([](const Posted& posted) {
    Reaction busy = refusing(503, "not with " + posted.authorization);
    busy.retry_after = "7";
    return busy;
  });
  const Sent busy = loop.send(*receiver, "a\n");
  CHECK(busy.how == How::failed);
  CHECK(busy.retry_after == milliseconds(7'000));
  CHECK(busy.because == taker.address() + " answered 503: not with Bearer (token)");
  taker.decide([](const Posted&) { return refusing(404); });
  CHECK(loop.send(*receiver, "a\n").how == How::refused);
  taker.decide([](const Posted&) { return Reaction{200, false, false, milliseconds(0), {}, {}}; });
  CHECK(loop.send(*receiver, "a\n").because == taker.address() + " closed the connection without an answer");
  taker.decide([](const Posted&) { return Reaction{200, false, false, std::chrono::minutes(1), {}, {}}; });
  CHECK(loop.send(*receiver, "a\n").because == taker.address() + ": no answer within 5 s");
  taker.decide({});
  CHECK(loop.send(*receiver, "b\n").how == How::taken);
  loop.close(*receiver);
}

TEST_CASE("an HTTP receiver that answers well before it has read the batch, and goes, has not got it") {
  std::string address;
  const int listening = listening_at(address);
  Loop loop;
  const auto receiver = loop.http("http://" + address + "/");
  std::thread hasty([&] {
    const int collector = ::accept(listening, nullptr, nullptr);
    char room[512];
    (void)::recv(collector, room, sizeof room, 0);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    (void)::send(collector, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(collector);
  });
  CHECK(loop.send(*receiver, std::string(std::size_t{32} << 20, 'x')).how == How::failed);
  hasty.join();
  loop.close(*receiver);
  ::close(listening);
}

TEST_CASE("a host is found by name, and one that is not there or has no name is told as such") {
  Loop loop;
  const NobodysPort nobody;
  HttpTaker taker;
  CHECK(loop.send_once("http://localhost:" + std::to_string(taker.port())).how == How::taken);
  CHECK(loop.send_once("http://" + nobody.address()).because.find("cannot connect to " + nobody.address()) == 0);
  CHECK(loop.send_once("http://no-such-host.invalid").because.find("the name no-such-host.invalid") == 0);
}

TEST_CASE("a syslog collector that ends in good order has read all that was taken") {
  Loop loop;
  SyslogTaker taker;
  const auto receiver = loop.syslog(taker);
  CHECK(loop.send(*receiver, frames(1)).how == How::taken);
  CHECK(loop.send(*receiver, frames(2'000)).how == How::taken);
  CHECK_FALSE(receiver->lost());
  loop.part(*receiver);
  CHECK(receiver->lost());
  CHECK(receiver->ended_well());
  CHECK(taker.taken().size() == 2'001);
  CHECK(taker.faults() == std::vector<std::string>());
  CHECK(taker.connections() == 1);
  loop.close(*receiver);
}

TEST_CASE("a syslog collector that closes by itself after it has read all has ended well too") {
  Loop loop;
  SyslogTaker taker([] { return SyslogTaker::Life{1, milliseconds(0)}; });
  const auto receiver = loop.syslog(taker);
  (void)loop.send(*receiver, frames(1));
  REQUIRE(loop.heard());
  CHECK(receiver->lost());
  CHECK(receiver->ended_well());
  loop.close(*receiver);
}

TEST_CASE("a syslog collector that dies with bytes unread has not ended well") {
  Loop loop;
  SyslogTaker taker([] { return SyslogTaker::Life{100, milliseconds(100)}; });
  const auto receiver = loop.syslog(taker);
  (void)loop.send(*receiver, frames(2'000));
  REQUIRE(loop.heard());
  CHECK(receiver->lost());
  CHECK_FALSE(receiver->ended_well());
  loop.close(*receiver);
}

TEST_CASE("a reset that a write comes upon is not taken for an end in good order") {
  std::string address;
  const int listening = listening_at(address);
  Loop loop;
  const auto receiver = loop.syslog(address);
  REQUIRE(loop.send(*receiver, frames(3)).how == How::taken);
  const int collector = ::accept(listening, nullptr, nullptr);
  REQUIRE(collector >= 0);
  // It dies with all of it unread.
  CHECK(loop.send_after([&] { ::close(collector); }, *receiver, frames(1)).how == How::failed);
  REQUIRE(loop.heard());
  CHECK(receiver->lost());
  CHECK_FALSE(receiver->ended_well());
  loop.close(*receiver);
  ::close(listening);
}

TEST_CASE("a syslog collector that reads nothing is given up once its buffers are full") {
  Loop loop;
  loop.times.answer = milliseconds(1'500);
  SyslogTaker taker([] { return SyslogTaker::Life{0, std::chrono::minutes(1)}; });
  const auto receiver = loop.syslog(taker);
  const Sent sent = loop.send(*receiver, std::string(std::size_t{32} << 20, 'x'));
  CHECK(sent.how == How::failed);
  CHECK(sent.because == taker.address() + ": nothing was taken for 2 s");
  loop.close(*receiver);
}
