// A batch is syslog messages one behind the other, each behind its length, over one connection that stays.
//
// Nothing comes back. What can be known is that the other machine's TCP has acknowledged every byte; that a program
// there has read them shows only in that the connection does not break: one that ends with bytes unread is reset.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "services/push/receiver.h"
#include "services/push/wire.h"

namespace tenure::services {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// How often the kernel is asked what is still on its way: soon at first, since on one network it is a millisecond.
constexpr milliseconds asked_first{1}, asked_most{50};

class SyslogReceiver final : public Receiver {
 public:
  SyslogReceiver(const asio::any_io_executor& loop, Destination to, PushTimes times, std::function<void()> told)
      : loop_(loop),
        authority_(to.authority),
        times_(times),
        told_(std::move(told)),
        wire_(loop, std::move(to), times) {}

  asio::awaitable<Sent> send(const std::string& batch) override {
    if (wire_.lost()) {
      wire_.close();
      const Trouble why = co_await wire_.open();
      if (!why.empty()) co_return failed(why);
      wire_.watch(told_);
      used_ = true;
    }
    const Trouble why = co_await wire_.write(batch);
    if (!why.empty()) co_return failed(authority_ + ": " + why);
    auto until = Clock::now() + times_.answer;
    std::size_t before = wire_.unacknowledged();
    for (milliseconds pause = asked_first; before > 0; pause = std::min(pause * 2, asked_most)) {
      co_await wait(pause);
      const std::size_t now = wire_.unacknowledged();
      if (now < before) until = Clock::now() + times_.answer;
      if (now > 0 && Clock::now() >= until)
        co_return failed(authority_ + ": nothing was taken for " + seconds(times_.answer));
      before = now;
    }
    if (wire_.lost()) co_return failed(authority_ + " closed the connection");
    const Sent taken;
    co_return taken;
  }

  bool settles() const override { return true; }
  bool lost() const override { return used_ && wire_.lost(); }

  bool ended_well() const override { return wire_.ended_well(); }
  asio::awaitable<void> part() override {
    wire_.end_writing();
    // It answers an end with an end once it has read all before it.
    while (!wire_.lost()) co_await wait(asked_first);
  }
  void close() override {
    used_ = false;
    wire_.close();
  }

 private:
  static std::string seconds(milliseconds time) { return std::to_string(time.count() / 1'000) + " s"; }

  // Not closed: how the connection ended may yet be asked for.
  static Sent failed(const std::string& because) { return {Sent::How::failed, because, {}}; }
  asio::awaitable<void> wait(milliseconds time) const {
    boost::system::error_code ignored;
    asio::steady_timer timer(loop_, time);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  const asio::any_io_executor loop_;
  const std::string authority_;
  const PushTimes times_;
  const std::function<void()> told_;
  Wire wire_;
  bool used_ = false;  // opened and not given up by us
};

}  // namespace

std::unique_ptr<Receiver> syslog_receiver(const asio::any_io_executor& loop, Destination to, PushTimes times,
                                          std::function<void()> told) {
  return std::make_unique<SyslogReceiver>(loop, std::move(to), times, std::move(told));
}

}  // namespace tenure::services
