// Many requests at once on their way into the log: batches are decided on top of others that are still being made
// durable, and fall with them.
#include "services/append_queue.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "events/wire/event_wire.h"
#include "services/record/rebuild.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::services;

// A memory store whose commits can be held back and made to fail.
class SlowStore final : public storage::Store {
 public:
  std::unique_ptr<storage::Snapshot> snapshot() override { return store_.snapshot(); }
  Outcome<void> commit(storage::Commit&& commit) override {
    std::unique_lock lock(guard_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_ || may_pass_ > 0; });
    if (held_) --may_pass_;
    if (std::exchange(fail_next_, false)) return fail(FailureCode::io, "the disk has gone");
    return store_.commit(std::move(commit));
  }
  Position head() const override { return store_.head(); }
  std::string id() const override { return store_.id(); }
  Outcome<void> clear_views(const std::vector<storage::ViewWrite>& kept) override { return store_.clear_views(kept); }
  Outcome<void> check_views() override { return store_.check_views(); }
  std::optional<Failure> trouble() const override { return store_.trouble(); }
  std::size_t memory_bytes() const override { return store_.memory_bytes(); }
  Outcome<void> close() override { return store_.close(); }

  void hold() {
    const std::lock_guard lock(guard_);
    held_ = true;
    asked_ = 0;
  }
  void wait_until_asked(int times) {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [&] { return asked_ >= times; });
  }
  void let_one_pass() {
    const std::lock_guard lock(guard_);
    ++may_pass_;
    changed_.notify_all();
  }
  void let_go(bool failing) {
    const std::lock_guard lock(guard_);
    held_ = false;
    fail_next_ = failing;
    changed_.notify_all();
  }

 private:
  storage::MemoryStore store_;
  std::mutex guard_;
  std::condition_variable changed_;
  bool held_ = false, fail_next_ = false;
  int asked_ = 0, may_pass_ = 0;
};

AppendRequest request(Event event) {
  AppendRequest wanted;
  wanted.org = OrgId("acme");
  wanted.by = {"tok_1", "tester", Channel::api, {}};
  wanted.events.push_back(std::move(event));
  return wanted;
}
// For any thread: Catch's macros are for one.
Event parsed(const std::string& json) {
  auto event = wire::read_event(json);
  if (!event) throw std::logic_error(json + ": " + event.error().because);
  return std::move(*event);
}
std::string by(const std::string& rest) { return R"({"actor":{"kind":"system","id":"hr"},)" + rest + "}"; }
Event group(const std::string& id) {
  return parsed(by(R"("id":"make )" + id + R"(","type":"group.created","data":{"group":")" + id + R"("})"));
}
Event joins(const std::string& member, const std::string& group) {
  return parsed(by(R"("type":"group.member_added","data":{"group":")" + group + R"(","member":")" + member + R"("})"));
}

struct Tenure {
  SlowStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  Recorder recorder{store, people, models, system_clock_now};
  AppendQueue appends;

  explicit Tenure(std::size_t events_a_commit) : appends(recorder, store, Instant{0}, events_a_commit) {
    for (const ShippedModel& shipped : shipped_models()) {
      if (shipped.id != "github") continue;
      const auto model = AccessModel::parse(shipped.document);
      models.add(*model);
      AppendRequest own;
      own.org = tenure_org;
      own.own = true;
      Event& event = own.events.emplace_back();
      event.actor = {ActorKind::system, {"tenure", {}}};
      event.data = event::ModelPublished{{(*model)->document()}, (*model)->id(), (*model)->version()};
      REQUIRE(std::holds_alternative<AppendAnswer>(appends.submit_and_wait(std::move(own))));
    }
    Event made;
    event::OrgCreated created;
    created.model = ModelId("github");
    created.mode = Mode::observe;
    made.data = created;
    made.actor = {ActorKind::system, {"setup", {}}};
    REQUIRE(std::holds_alternative<AppendAnswer>(appends.submit_and_wait(request(std::move(made)))));
  }

  std::future<AppendResult> send(Event event) {
    auto answer = std::make_shared<std::promise<AppendResult>>();
    appends.submit(request(std::move(event)), [answer](AppendResult result) { answer->set_value(std::move(result)); });
    return answer->get_future();
  }
  std::map<std::string, std::string> views() {
    std::map<std::string, std::string> all;
    const auto done = store.snapshot()->scan("", std::string(16, '\xff'), [&](auto key, auto value) {
      all.emplace(key, value);
      return true;
    });
    REQUIRE(done.has_value());
    return all;
  }
  // That the views are those which the log makes.
  void check_views() {
    const auto live = views();
    projections::Models again;
    REQUIRE(load_models(store, again).has_value());
    REQUIRE(rebuild_views(store, again, {}).has_value());
    CHECK(views() == live);
  }
};

const Appended& item(const AppendResult& result) {
  const auto* answer = std::get_if<AppendAnswer>(&result);
  INFO((std::holds_alternative<Failure>(result) ? std::get<Failure>(result).because : "refused"));
  REQUIRE(answer != nullptr);
  return answer->items.front();
}

}  // namespace

TEST_CASE("what is decided while the batch before is made durable stands on it, and waits for it") {
  Tenure tenure(1);
  tenure.store.hold();
  auto before = tenure.send(group("zero"));
  tenure.store.wait_until_asked(1);
  // These queue up. The same sending again, and one that needs what the first one made, are decided while the first
  // one's commit is held.
  auto first = tenure.send(group("one"));
  auto again = tenure.send(group("one"));
  auto joining = tenure.send(joins("mia@team.test", "one"));
  tenure.store.let_one_pass();
  tenure.store.wait_until_asked(2);
  CHECK(first.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  CHECK(again.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout);
  tenure.store.let_go(false);
  const auto made = first.get(), repeated = again.get(), joined = joining.get();
  CHECK_FALSE(item(made).duplicate);
  CHECK(item(repeated).duplicate);
  CHECK(item(repeated).position == item(made).position);
  CHECK(item(joined).position == item(made).position.next());
  CHECK(item(joined).version == item(made).version.next());
  tenure.appends.stop();
  tenure.check_views();
}

TEST_CASE("what stood on a batch that failed fails with it, and can be sent again") {
  Tenure tenure(GENERATE(1, 1'000));
  tenure.store.hold();
  auto before = tenure.send(group("zero"));
  tenure.store.wait_until_asked(1);
  auto first = tenure.send(group("one"));
  auto joining = tenure.send(joins("mia@team.test", "one"));
  tenure.store.let_one_pass();
  tenure.store.wait_until_asked(2);
  const Position head = tenure.store.head();
  tenure.store.let_go(true);
  const auto made = first.get();
  REQUIRE(std::holds_alternative<Failure>(made));
  CHECK(std::get<Failure>(made).because == "the disk has gone");
  const auto joined = joining.get();
  // On a machine so busy that the second was decided only after the first had failed, it stands alone.
  if (std::holds_alternative<Failure>(joined)) {
    CHECK(std::get<Failure>(joined).because == "the disk has gone");
    CHECK(tenure.store.head() == head);
  } else {
    CHECK(item(joined).position == head.next());
  }
  const auto once_more = tenure.send(group("one")).get();
  CHECK_FALSE(item(once_more).duplicate);
  const auto after = tenure.send(joins("mia@team.test", "one")).get();
  CHECK(item(after).position == item(once_more).position.next());
  CHECK(item(after).position == tenure.store.head());
  tenure.appends.stop();
  tenure.check_views();
}

TEST_CASE("from many threads at once every event gets a place of its own, and the views are those of the log") {
  Tenure tenure(GENERATE(1, 7, 1'000));
  constexpr int threads = 8, events = 150;
  std::mutex guard;
  std::set<std::uint64_t> positions;
  std::vector<std::thread> senders;
  std::atomic<int> wrong{0};
  const std::uint64_t head = tenure.store.head().value;
  for (int t = 0; t < threads; ++t) {
    senders.emplace_back([&, t] {
      for (int i = 0; i < events; ++i) {
        const std::string name = "group " + std::to_string(t) + " " + std::to_string(i / 3);
        auto wanted = i % 3 == 0   ? group(name)
                      : i % 3 == 1 ? joins("m" + std::to_string(t) + "@team.test", name)
                                   : joins("everyone@team.test", name);
        const auto result = tenure.appends.submit_and_wait(request(std::move(wanted)));
        const auto* answer = std::get_if<AppendAnswer>(&result);
        if (!answer) {
          ++wrong;
          continue;
        }
        const std::lock_guard lock(guard);
        positions.insert(answer->items.front().position.value);
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  CHECK(wrong == 0);
  CHECK(positions.size() == threads * events);
  CHECK(*positions.begin() == head + 1);
  CHECK(*positions.rbegin() == head + threads * events);
  CHECK(tenure.store.head().value == head + threads * events);
  tenure.appends.stop();
  tenure.check_views();
}
