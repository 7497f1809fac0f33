// Random models, random histories, random questions: the projections against the naive fold, which shares no
// code with them. The seed is printed; TENURE_SEED repeats a run, TENURE_QUESTIONS changes its length.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "events/wire/event_wire.h"
#include "projections/access.h"
#include "services/identities.h"
#include "services/record/recorder.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"
#include "tests/oracle/random_history.h"

namespace {

using namespace tenure;
using nlohmann::json;
using oracle::Question;
using oracle::RandomHistory;
using projections::Access;
using projections::EntityKind;
using projections::Facts;
using projections::Point;

const OrgId org{"acme"};

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// Tenure over memory, its clock driven by the history.
struct Subject {
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  Instant now;
  services::Recorder recorder{store, people, models, [this] { return now; }};
  projections::DirectoryCache names;
  services::Identities identities{people, names};

  explicit Subject(const RandomHistory& history) {
    for (const json& document : history.models) {
      auto model = AccessModel::parse(document.dump());
      REQUIRE(model.has_value());
      models.add(*model);
    }
    for (std::size_t i = 0; i < history.events.size(); ++i) append(history, i);
  }

  Event read(const RandomHistory& history, std::size_t i) {
    json document = history.events[i];
    if (document.at("type") != "org.created") {
      auto event = wire::read_event(document.dump());
      INFO(document.dump());
      if (!event) FAIL(event.error().because);
      return std::move(*event);
    }
    // A client creates an organization by its own request; here it is put together by hand.
    Event event;
    event::OrgCreated created;
    const json& data = document.at("data");
    created.model = ModelId(data.at("model").get<std::string>());
    if (data.contains("owner")) created.owner = Person{data.at("owner").get<std::string>(), {}};
    event.data = created;
    event.actor = {ActorKind::system, {"setup", {}}};
    if (document.contains("actor")) {
      event.actor.kind = *actor_kind_from(document.at("actor").at("kind").get<std::string>());
      event.actor.who.identity = document.at("actor").at("id").get<std::string>();
    }
    event.occurred_at = Instant{history.occurred_us(i)};
    return event;
  }

  void append(const RandomHistory& history, std::size_t i) {
    now = Instant{history.recorded_us[i]};
    Event event = read(history, i);
    services::AppendRequest request;
    request.org = org;
    request.events.push_back(std::move(event));
    std::vector<services::AppendRequest> batch;
    batch.push_back(std::move(request));
    const auto results = recorder.record(std::move(batch));
    if (const auto* refusals = std::get_if<services::Refusals>(&results.front())) {
      FAIL("event " << i << " " << history.events[i].dump() << " refused: " << refusals->front().because);
    }
    if (const auto* failure = std::get_if<Failure>(&results.front())) FAIL(failure->because);
  }

  json answer(const Question& question);
};

template <class T>
T must(Outcome<T> outcome) {
  if (!outcome) FAIL(outcome.error().because);
  return std::move(*outcome);
}

// The questions whose answers are lists.
template <class Identity>
void list(const Question& question, Access& access, const AccessModel& model, const Identity& identity, json& rows) {
  if (question.kind == "members") {
    for (const auto& i : access.facts().list({projections::ListKind::members, 0})) {
      std::vector<std::string> groups;
      for (const auto* link : access.groups_of(i.principal)) groups.push_back(access.facts().name(link->slot.a).name);
      std::sort(groups.begin(), groups.end());
      const auto role = access.direct_role(i.principal);
      rows[identity(i.principal)] = {{"status", access.disabled(i.principal) ? "disabled" : "active"},
                                     {"role", role == 0 ? "" : access.facts().name(role).name},
                                     {"groups", groups},
                                     {"since_us", i.since.us}};
    }
  } else if (question.kind == "group_members") {
    const auto group = access.facts().number(EntityKind::group, question.asked.at("group").get<std::string>());
    if (group != 0) {
      for (const auto& i : access.members_of(group)) rows[identity(i.principal)] = access.member_since(group, i).us;
    }
  } else if (question.kind == "roles") {
    const auto add = [&](const std::string& id, const char* kind, const auto& cell) {
      json grants = json::object();
      for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
        const Cell c = cell(p);
        if (c.level > 0) grants[model.permissions()[p].id.text] = model.level_name(p, c.level).text;
      }
      rows[id] = {{"kind", kind}, {"grants", grants}};
    };
    for (RoleIndex r = 0; r < model.roles().size(); ++r) {
      add(model.roles()[r].id.text, "system", [&](PermissionIndex p) { return model.cell(r, p); });
    }
    for (const auto role : access.custom_roles()) {
      add(access.facts().name(role).name, "custom", [&](PermissionIndex p) { return access.cell(role, p); });
    }
  }
}

json Subject::answer(const Question& question) {
  const json& asked = question.asked;
  const auto snapshot = store.snapshot();
  const auto number = must(projections::find_org(*snapshot, org));
  const Position known(asked.at("known_position").get<std::uint64_t>());
  const Instant at{asked.at("at_us").get<std::int64_t>()};
  const auto head = must(projections::read_head(*snapshot, number));
  REQUIRE(head);
  const auto earliest = must(projections::earliest_known(*snapshot, number, *head, known));
  json answer;
  answer["before_history"] = !earliest || at < *earliest;
  if (question.kind == "can") {
    answer["row"] = nullptr;
  } else {
    answer["rows"] = json::object();
  }
  if (answer["before_history"].get<bool>()) return answer;

  Facts facts = must(Facts::known_at(*snapshot, names, models, number, *head, Point::end_of(at), known));
  const auto model = facts.model_at(facts.at());
  REQUIRE(model);
  Access access(std::move(facts), model);
  const auto identity = [&](projections::Number member) {
    return must(identities.of_member(*snapshot, org, number, member));
  };
  const auto row_of = [&](PermissionIndex p, const projections::Effective& e) {
    return json{{"level", model->level_name(p, e.level).text}, {"reach", projections::to_text(e.reach)}};
  };
  projections::Question q;
  bool possible = true;
  if (asked.contains("permission")) {
    const auto p = model->permission(asked.at("permission").get<std::string>());
    REQUIRE(p);
    q.permission = *p;
    if (asked.contains("level")) {
      const auto level = model->level(*p, asked.at("level").get<std::string>());
      possible = level.has_value();
      q.level = std::max<LevelIndex>(level.value_or(1), 1);
    }
    if (asked.contains("resource")) q.resource = *parse_resource(asked.at("resource").get<std::string>(), "resource");
  }
  if (question.kind == "who_can" && possible) {
    for (const auto& holder : access.who_can(q, false)) {
      answer["rows"][identity(holder.member)] = row_of(q.permission, holder.effective);
    }
  } else if (question.kind == "can" && possible) {
    const auto member = must(identities.member_of(*snapshot, org, number, asked.at("member").get<std::string>()));
    if (member != 0) {
      const auto effective = access.effective(member, q, false);
      if (effective.level >= q.level) answer["row"] = row_of(q.permission, effective);
    }
  } else {
    list(question, access, *model, identity, answer["rows"]);
  }
  if (access.facts().failure()) FAIL(access.facts().failure()->because);
  return answer;
}

}  // namespace

TEST_CASE("random questions about random histories get the naive fold's answers", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t questions = number_from("TENURE_QUESTIONS", 10'000);
  std::cout << "access property: TENURE_SEED=" << seed << ", " << questions << " questions\n";
  std::mt19937_64 random(seed);
  constexpr std::uint64_t questions_a_history = 20;
  for (std::uint64_t asked = 0; asked < questions; asked += questions_a_history) {
    const std::uint64_t history_seed = random();
    const RandomHistory history = oracle::random_history(history_seed);
    Subject subject(history);
    const auto naive = oracle::oracle_of(history);
    for (std::uint64_t i = 0; i < questions_a_history; ++i) {
      const Question question = oracle::random_question(random, history);
      INFO("run seed " << seed << ", history seed " << history_seed << ", " << question.kind << " "
                       << question.asked.dump());
      const json expected = oracle::answer(naive, question);
      const json found = subject.answer(question);
      if (expected != found) {
        std::string text = "models " + history.models.dump() + "\n";
        for (std::size_t e = 0; e < history.events.size(); ++e) {
          text += std::to_string(history.position(e)) + " @" + std::to_string(history.occurred_us(e)) + " " +
                  history.events[e].dump() + "\n";
        }
        if (const char* file = std::getenv("TENURE_DUMP")) std::ofstream(file) << text;
      }
      REQUIRE(found == expected);
    }
  }
}
