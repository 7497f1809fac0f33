#include "tests/services/reviews_told.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include "events/digest.h"
#include "services/api/parts.h"
#include "services/http/target.h"
#include "services/publish.h"
#include "services/record/rebuild.h"
#include "services/reviews/desk.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"

namespace tenure::test {

namespace {

const services::Recording console{{}, {}, Channel::console, {}};

// Takes one answer that is given later.
class Waiting : public http::ReplyTarget {
 public:
  void deliver(std::uint32_t, std::uint64_t, http::Response&& response) override {
    const std::lock_guard lock(guard_);
    response_ = std::move(response);
    there_.notify_all();
  }
  http::Response wait() {
    std::unique_lock lock(guard_);
    there_.wait(lock, [&] { return response_.has_value(); });
    return std::move(*response_);
  }

 private:
  std::mutex guard_;
  std::condition_variable there_;
  std::optional<http::Response> response_;
};

// A snapshot of which one read may fail.
class DoubtfulSnapshot : public storage::Snapshot {
 public:
  using Read = std::function<Outcome<void>()>;  // asked before each
  DoubtfulSnapshot(std::unique_ptr<storage::Snapshot> inner, Read read)
      : inner_(std::move(inner)), read_(std::move(read)) {}

  Outcome<bool> get(std::string_view key, std::string& value) override {
    if (const auto may = read_(); !may) return may.error();
    return inner_->get(key, value);
  }
  Outcome<bool> last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                             std::string& value) override {
    if (const auto may = read_(); !may) return may.error();
    return inner_->last_at_most(lower, at_most, key, value);
  }
  Outcome<void> scan(std::string_view from, std::string_view to,
                     const std::function<bool(std::string_view key, std::string_view value)>& row) override {
    if (const auto may = read_(); !may) return may.error();
    return inner_->scan(from, to, row);
  }
  Position head() const override { return inner_->head(); }
  Outcome<storage::LogRecord> record(Position position) override {
    if (const auto may = read_(); !may) return may.error();
    return inner_->record(position);
  }
  Outcome<void> records(Position from, const std::function<bool(const storage::LogRecord&)>& row) override {
    return inner_->records(from, row);
  }
  Outcome<void> records_of(const OrgId& org, Version from,
                           const std::function<bool(Version, const storage::LogRecord&)>& row) override {
    return inner_->records_of(org, from, row);
  }
  Outcome<Version> version_of(const OrgId& org) override { return inner_->version_of(org); }
  Outcome<Position> position_of(const OrgId& org, Version version) override {
    return inner_->position_of(org, version);
  }
  Outcome<Version> version_at(const OrgId& org, Position position) override {
    return inner_->version_at(org, position);
  }
  Outcome<std::string> blob(const Digest& hash) override { return inner_->blob(hash); }

 private:
  std::unique_ptr<storage::Snapshot> inner_;
  Read read_;
};

// Keeps what comes until it is stopped; one of its reads may fail.
class StoppingStore : public storage::MemoryStore {
 public:
  std::unique_ptr<storage::Snapshot> snapshot() override {
    return std::make_unique<DoubtfulSnapshot>(MemoryStore::snapshot(), [this] { return read(); });
  }
  Outcome<void> commit(storage::Commit&& commit) override {
    if (left_ == 0) return fail(FailureCode::closed, "the program was stopped");
    if (left_ > 0) --left_;
    if (after_close_ >= 0 && closes(commit)) left_ = after_close_.exchange(-1);
    if (fails_after_close_ >= 0 && closes(commit)) reads_left_ = fails_after_close_.exchange(-1);
    return MemoryStore::commit(std::move(commit));
  }
  void stops_after_close(int commits) { after_close_ = commits; }
  void goes_on() { left_ = after_close_ = -1; }
  void read_fails_after_close(int reads) { fails_after_close_ = reads; }
  bool waits_to_fail() const { return reads_left_ >= 0; }

 private:
  Outcome<void> read() {
    if (reads_left_ >= 0 && --reads_left_ < 0) return fail(FailureCode::io, "the disk did not answer");
    return {};
  }
  static bool closes(const storage::Commit& commit) {
    return std::any_of(commit.records.begin(), commit.records.end(), [](const auto& record) {
      return record.bytes.find(R"("type":"review.closed")") != std::string::npos;
    });
  }

  std::atomic<int> after_close_{-1}, left_{-1};              // below 0: it is not stopped
  std::atomic<int> fails_after_close_{-1}, reads_left_{-1};  // below 0: none fails
};

// What a running Tenure has in memory.
struct Running {
  Running(storage::Store& store, storage::People& people, const services::Clock& clock)
      : recorder(store, people, models, clock),
        appends(recorder, store),
        parts{store, people, models, names, timelines, appends, tokens, services::Identities(people, names), clock} {
    const auto models_read = services::load_models(store, models);
    REQUIRE(models_read.has_value());
    const auto caught_up = services::catch_up_views(store, models, {});
    REQUIRE(caught_up.has_value());
    const auto tokens_read = services::load_tokens(store, people, tokens);
    REQUIRE(tokens_read.has_value());
    parts.reviews = &desk;
    add_routes(router, parts);
  }
  ~Running() { appends.stop(); }

  projections::Models models;
  projections::DirectoryCache names;
  projections::TimelineCache timelines;
  services::Tokens tokens;
  services::Recorder recorder;
  services::AppendQueue appends;
  services::Parts parts;
  services::ReviewDesk desk{parts};
  http::Router router;
};

}  // namespace

struct ReviewsTold::Inside {
  std::atomic<std::int64_t> now_us{0};
  StoppingStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  std::map<std::string, std::string> secrets;
  std::unique_ptr<Running> running;

  // As Tenure itself records it.
  void record(const std::string& review, EventPayload words) {
    services::AppendRequest request;
    request.org = OrgId("acme");
    request.own = true;
    request.by = console;
    Event event;
    event.actor = services::acting_for(review).actor;
    event.data = std::move(words);
    request.events.push_back(std::move(event));
    const auto result = running->appends.submit_and_wait(std::move(request));
    REQUIRE(std::holds_alternative<services::AppendAnswer>(result));
  }

  void start() {
    running = std::make_unique<Running>(store, people, [this] { return Instant{now_us.load()}; });
  }
};

ReviewsTold::ReviewsTold(const std::string& model, const char* mode, const std::string& now, bool with_org)
    : inside_(std::make_unique<Inside>()) {
  clock(now);
  inside_->start();
  for (const ShippedModel& shipped : shipped_models()) {
    const auto read = AccessModel::parse(shipped.document);
    REQUIRE(read.has_value());
    const auto done = services::publish_model(inside_->running->appends, inside_->running->models, *read, console);
    REQUIRE(std::holds_alternative<services::AppendAnswer>(done));
  }
  token("admin", "admin", {"admin", "append", "read", "review", "review:any", "feed"});
  if (!with_org) return;
  const json org{{"id", "acme"}, {"model", model}, {"mode", mode}, {"owner", "olga@acme.test"}};
  const auto made = ask("POST", "!/v1/orgs", org.dump());
  INFO(made.body);
  REQUIRE(made.status == 201);
}

ReviewsTold::~ReviewsTold() = default;

void ReviewsTold::clock(const std::string& now) {
  const auto at = parse_instant(now, "now");
  REQUIRE(at.has_value());
  REQUIRE(at->us >= inside_->now_us.load());
  inside_->now_us = at->us;
}

void ReviewsTold::pass() {
  const auto done = inside_->running->desk.clock.pass("acme");
  if (!done) FAIL(done.error().because);
}

void ReviewsTold::erased(const std::string& person) {
  const auto subject = inside_->people.find(OrgId("acme"), person);
  REQUIRE(subject.has_value());
  REQUIRE(subject->has_value());
  const auto done = inside_->people.erase(OrgId("acme"), **subject);
  REQUIRE(done.has_value());
  CHECK(*done);
}

void ReviewsTold::stops_after_close(int commits) { inside_->store.stops_after_close(commits); }

void ReviewsTold::read_fails_after_close(int reads) { inside_->store.read_fails_after_close(reads); }

bool ReviewsTold::has_read_failed() const { return !inside_->store.waits_to_fail(); }

bool ReviewsTold::passes() { return inside_->running->desk.clock.pass("acme").has_value(); }

void ReviewsTold::remediated(const std::string& review, std::uint64_t applied) {
  event::ReviewRemediated done;
  done.review = review;
  done.applied = applied;
  inside_->record(review, std::move(done));
}

void ReviewsTold::opened_otherwise(const std::string& like, const std::string& review,
                                   const std::optional<std::string>& found, const std::vector<json>& items) {
  const auto snapshot = inside_->store.snapshot();
  std::optional<event::ReviewOpened> words;
  for (const json& event : events("review.opened")) {
    if (event.at("data").at("review") != like) continue;
    const auto record = services::record_at(*snapshot, event.at("position").get<std::uint64_t>());
    REQUIRE(record.has_value());
    words = std::get<event::ReviewOpened>(record->event.data);
  }
  REQUIRE(words.has_value());
  std::string lines;
  for (const json& item : items) {
    lines += item.at("item").get<std::string>() + ' ' + item.at("state_when_opened").get<std::string>() + '\n';
  }
  words->review = review;
  words->found = found ? std::optional(Document{*found}) : std::nullopt;
  words->items = items.size();
  words->items_digest = to_hex(sha256(lines));
  inside_->record(review, std::move(*words));
}

void ReviewsTold::restart() {
  inside_->running.reset();
  inside_->store.goes_on();
  inside_->start();
}

void ReviewsTold::token(const std::string& name, const std::string& principal, std::vector<std::string> scopes) {
  const auto made = services::create_token(inside_->running->appends, inside_->running->tokens,
                                           {principal, std::move(scopes), {}, {}, std::nullopt}, console);
  REQUIRE(std::holds_alternative<services::AppendAnswer>(made.result));
  inside_->secrets[name] = made.token.secret;
}

// A path that begins with '!' is a whole target.
ReviewsTold::Answer ReviewsTold::ask(const std::string& method, const std::string& path, const std::string& body,
                                     bool gone) {
  inside_->now_us += 1'000;
  http::Request request;
  request.gone = std::make_shared<std::atomic<bool>>(gone);
  request.method = method == "POST"     ? http::Method::post
                   : method == "DELETE" ? http::Method::delete_
                                        : http::Method::get;
  const std::string target = path.starts_with('!') ? path.substr(1) : "/v1/orgs/acme" + path;
  INFO(method << " " << target);
  REQUIRE(http::read_target(target, request).has_value());
  request.add_header("Authorization", "Bearer " + inside_->secrets.at(speaks_));
  if (!body.empty()) request.add_header("Content-Type", "application/json");
  request.body = body;
  const http::Router& router = inside_->running->router;
  const auto found = router.find(request);
  REQUIRE(found.endpoint);
  const auto answered = [](http::Response response) {
    Answer answer{response.status, std::move(response.body)};
    while (response.more && response.more(answer.body)) {
    }
    return answer;
  };
  if (auto refused = router.run_before(request, found.endpoint->route)) return answered(std::move(*refused));
  const auto& handler = found.endpoint->handler;
  if (const auto* loop = std::get_if<0>(&handler)) return answered((*loop)(request));
  if (const auto* blocking = std::get_if<2>(&handler)) return answered((*blocking)(request));
  if (const auto* upload = std::get_if<http::UploadHandler>(&handler)) {
    auto begun = (*upload)(request);
    if (auto* refused = std::get_if<http::Response>(&begun)) return answered(std::move(*refused));
    auto& taken = std::get<0>(begun);
    if (auto early = taken->chunk(body)) return answered(std::move(*early));
    return answered(taken->finish());
  }
  const auto waiting = std::make_shared<Waiting>();
  std::get<1>(handler)(std::move(request), http::Reply(waiting, 0, 0));
  return answered(waiting->wait());
}

ReviewsTold::Answer ReviewsTold::ask(const std::string& method, const std::string& path, const std::string& body) {
  return ask(method, path, body, false);
}

bool ReviewsTold::given_up(const std::string& method, const std::string& path, const std::string& body) {
  try {
    (void)ask(method, path, body, true);
  } catch (const http::ClientGone&) {
    return true;
  }
  return false;
}

json ReviewsTold::get(const std::string& path) {
  const Answer answer = ask("GET", path);
  INFO(path << ": " << answer.body);
  REQUIRE(answer.status == 200);
  return answer.said();
}

json ReviewsTold::told(const std::string& path, const json& body) {
  const Answer answer = post(path, body);
  INFO(path << " " << body.dump() << ": " << answer.body);
  REQUIRE(answer.status / 100 == 2);
  return answer.said();
}

std::uint64_t ReviewsTold::happens(const std::string& type, const json& data, const std::string& at,
                                   const std::string& by) {
  json event{{"type", type}, {"actor", {{"kind", "member"}, {"id", by}}}, {"data", data}};
  if (type == "event.retracted") event["reason"] = "it was wrong";
  if (!at.empty()) event["occurred_at"] = at;
  return told("/events", event).at("items").at(0).at("position").get<std::uint64_t>();
}

std::vector<json> ReviewsTold::events(const std::string& type) {
  std::vector<json> found;
  const json page = get("/events?limit=1000&type=" + type);
  for (const json& event : page.at("items")) found.push_back(event);
  return found;
}

std::vector<json> ReviewsTold::items(const std::string& review, const std::string& query) {
  std::vector<json> all;
  std::string more;
  do {
    const json page = get("/reviews/" + review + "/items?limit=1000" + (query.empty() ? "" : "&" + query) + more);
    for (const json& item : page.at("items")) all.push_back(item);
    more = page.contains("next") ? "&cursor=" + page.at("next").get<std::string>() : "";
  } while (!more.empty());
  return all;
}

json ReviewsTold::item(const std::string& review, const std::string& member, const std::string& kind,
                       const std::string& of) {
  std::vector<json> found;
  for (json& item : items(review, "detail=true&member=" + member)) {
    if (item.at("kind") != kind) continue;
    const std::string what = item.value("on", item.value("group", ""));
    if (of.empty() || what == of) found.push_back(std::move(item));
  }
  INFO(member << " " << kind << " " << of);
  REQUIRE(found.size() == 1);
  return found.front();
}

json ReviewsTold::decision(const json& item, const std::string& verb, const json& more) {
  json one{{"item", item.at("item")}, {"state", item.at("state")}, {"decision", verb}, {"reason", "looked at"}};
  one.update(more);
  return one;
}

ReviewsTold::Answer ReviewsTold::decide(const std::string& review, const std::string& reviewer, const json& decisions) {
  return post("/reviews/" + review + "/decisions?reviewer=" + reviewer, decisions);
}

void ReviewsTold::decided(const std::string& review, const std::string& reviewer, const json& decisions) {
  const Answer answer = decide(review, reviewer, decisions);
  INFO(decisions.dump() << ": " << answer.body);
  REQUIRE(answer.status / 100 == 2);
  if (!decisions.is_array()) return;
  const json said = answer.said();
  for (const json& one : said.at("items")) REQUIRE(one.at("status") == 201);
}

json named_review(const std::string& id, const std::vector<std::string>& people, const json& more) {
  json definition{{"id", id}, {"name", "Review " + id}};
  definition["stages"] = {{{"reviewers", {{{"kind", "named"}, {"people", people}}}}, {"days", 14}}};
  definition.update(more);
  return definition;
}

}  // namespace tenure::test
