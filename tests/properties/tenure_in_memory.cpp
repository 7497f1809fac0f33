#include "tests/properties/tenure_in_memory.h"

#include "events/wire/event_wire.h"
#include "services/api/findings_route.h"
#include "services/api/parts.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"
#include "tests/oracle/naive_fold.h"

namespace tenure::test {

using nlohmann::json;

namespace {

const OrgId org{"acme"};

Actor actor_of(const json& document) {
  Actor actor;
  actor.kind = *actor_kind_from(document.at("kind").get<std::string>());
  actor.who.identity = document.at("id").get<std::string>();
  return actor;
}

// A client creates an organization by a request of its own; here the event is put together by hand.
Event creation(const json& document, std::int64_t recorded_us) {
  Event event;
  event::OrgCreated created;
  const json& data = document.at("data");
  created.model = ModelId(data.at("model").get<std::string>());
  if (data.contains("owner")) created.owner = Person{data.at("owner").get<std::string>(), {}};
  event.data = created;
  event.actor = actor_of(document.at("actor"));
  if (document.contains("approved_by")) event.approved_by = actor_of(document.at("approved_by"));
  if (document.contains("reason")) event.reason = PrivateText{document.at("reason").get<std::string>()};
  if (document.value("basis", "happened") == "baseline") event.basis = Basis::baseline;
  event.occurred_at = Instant{recorded_us};
  if (document.contains("occurred_at")) {
    event.occurred_at = Instant{oracle::instant_us(document.at("occurred_at").get<std::string>())};
  }
  return event;
}

// The data of an event that no client may send as one; nothing of any other.
std::optional<EventPayload> own_event(const json& document) {
  const std::string type = document.at("type").get<std::string>();
  const auto text = [&](const char* name) { return document.at("data").at(name).get<std::string>(); };
  if (type == "finding.closed") return event::FindingClosed{text("finding")};
  if (type == "finding.reopened") return event::FindingReopened{text("finding")};
  if (type == "sod_rule.removed") return event::SodRuleRemoved{SodRuleId(text("rule"))};
  if (type != "sod_rule.added") return std::nullopt;
  event::SodRuleAdded rule{
      PermissionId(text("first")),  LevelId(text("first_level")), text("name"), {}, SodRuleId(text("rule")),
      PermissionId(text("second")), LevelId(text("second_level"))};
  if (document.at("data").contains("resource_kind")) rule.resource_kind = text("resource_kind");
  return rule;
}

Event read(const json& document, std::int64_t recorded_us) {
  if (document.at("type") == "org.created") return creation(document, recorded_us);
  if (const auto own = own_event(document)) {
    // What is about the record comes by requests of its own; the rest of the event is as ever.
    json carrier = document;
    carrier["type"] = "org.deleted";
    carrier["data"] = json::object();
    Event event = read(carrier, recorded_us);
    event.data = *own;
    return event;
  }
  auto event = wire::read_event(document.dump());
  INFO(document.dump());
  if (!event) FAIL(event.error().because);
  return std::move(*event);
}

}  // namespace

struct TenureInMemory::Inside {
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  projections::DirectoryCache names;
  projections::TimelineCache timelines;
  services::Tokens tokens;
  Instant now;
  services::Recorder recorder{store, people, models, [this] { return now; }};
  services::AppendQueue appends{recorder, store};
  services::Parts parts{store,
                        people,
                        models,
                        names,
                        timelines,
                        appends,
                        tokens,
                        services::Identities(people, names),
                        [this] { return now; }};
  http::Router router;

  ~Inside() { appends.stop(); }
};

TenureInMemory::TenureInMemory(const json& models) : inside_(std::make_unique<Inside>()) {
  for (const json& document : models) {
    auto model = AccessModel::parse(document.dump());
    INFO(document.dump());
    if (!model) FAIL(model.error().front().pointer << ": " << model.error().front().because);
    inside_->models.add(*model);
  }
  add_access_routes(inside_->router, inside_->parts);
  add_diff_routes(inside_->router, inside_->parts);
  add_timeline_routes(inside_->router, inside_->parts);
  add_directory_routes(inside_->router, inside_->parts);
  add_member_routes(inside_->router, inside_->parts);
  add_findings_routes(inside_->router, inside_->parts);
}

TenureInMemory::~TenureInMemory() = default;

std::vector<Verdict> TenureInMemory::record(const std::vector<json>& events, std::int64_t recorded_us) {
  inside_->now = Instant{recorded_us};
  services::AppendRequest request;
  request.org = org;
  for (const json& document : events) request.events.push_back(read(document, recorded_us));
  std::vector<services::AppendRequest> batch;
  batch.push_back(std::move(request));
  const auto results = inside_->recorder.record(std::move(batch));
  INFO(json(events).dump());
  if (const auto* refusals = std::get_if<services::Refusals>(&results.front())) FAIL(refusals->front().because);
  if (const auto* failure = std::get_if<Failure>(&results.front())) FAIL(failure->because);
  std::vector<Verdict> verdicts;
  for (const auto& item : std::get<services::AppendAnswer>(results.front()).items) verdicts.push_back(item.verdict);
  return verdicts;
}

RouteAnswer TenureInMemory::get(const std::vector<std::string>& path, const Query& query) {
  return get(path, query, false);
}

bool TenureInMemory::given_up(const std::vector<std::string>& path, const Query& query) {
  try {
    (void)get(path, query, true);
  } catch (const http::ClientGone&) {
    return true;
  }
  return false;
}

RouteAnswer TenureInMemory::get(const std::vector<std::string>& path, const Query& query, bool gone) {
  http::Request request;
  request.gone = std::make_shared<std::atomic<bool>>(gone);
  request.method = http::Method::get;
  std::string target = "/v1/orgs/acme";
  for (const std::string& segment : path) target += "/" + segment;
  request.set_target(target);
  for (const char* segment : {"v1", "orgs", "acme"}) request.add_segment(segment);
  for (const std::string& segment : path) request.add_segment(segment);
  for (const auto& [name, value] : query) request.add_query(name, value);
  const auto found = inside_->router.find(request);
  REQUIRE(found.endpoint);
  http::Response response;
  if (const auto* loop = std::get_if<0>(&found.endpoint->handler)) {
    response = (*loop)(request);
  } else {
    response = std::get<2>(found.endpoint->handler)(request);
  }
  return {response.status, json::parse(response.body)};
}

json TenureInMemory::whole_list(const std::vector<std::string>& path, Query query, std::size_t limit) {
  query.emplace_back("limit", std::to_string(limit));
  RouteAnswer page = get(path, query);
  INFO(page.body.dump());
  REQUIRE(page.status == 200);
  json whole = page.body;
  whole.erase("next");
  query.emplace_back("cursor", "");
  while (page.body.contains("next")) {
    REQUIRE(page.body.at("items").size() == limit);
    query.back().second = page.body.at("next").get<std::string>();
    page = get(path, query);
    REQUIRE(page.status == 200);
    for (const json& item : page.body.at("items")) whole.at("items").push_back(item);
    for (const auto& [name, value] : whole.items()) {
      if (name != "items") REQUIRE(page.body.at(name) == value);
    }
  }
  REQUIRE(whole.at("total") == whole.at("items").size());
  return whole;
}

void TenureInMemory::look(std::int64_t at_us, std::int64_t known_position,
                          const std::function<void(projections::Holds&, const IdentityOfNumber&)>& look) {
  const auto snapshot = inside_->store.snapshot();
  const auto number = projections::find_org(*snapshot, org);
  REQUIRE(number.has_value());
  const auto head = projections::read_head(*snapshot, *number);
  REQUIRE(head.has_value());
  REQUIRE(head->has_value());
  const Instant at{at_us};
  auto facts = projections::Facts::known_at(*snapshot, inside_->names, inside_->models, *number, **head,
                                            projections::Point::end_of(at),
                                            Position(static_cast<std::uint64_t>(known_position)));
  REQUIRE(facts.has_value());
  facts->read_through(inside_->timelines, (*head)->position);
  auto model = facts->model_at(facts->at());
  projections::Access access(std::move(*facts), std::move(model));
  projections::Holds holds(access, at);
  look(holds, [&](projections::Number member) {
    const auto identity = inside_->parts.identities.of_member(*snapshot, org, *number, member);
    REQUIRE(identity.has_value());
    return *identity;
  });
  if (access.facts().failure()) FAIL(access.facts().failure()->because);
}

}  // namespace tenure::test
