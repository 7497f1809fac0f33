#include "tests/models/watched_team.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "events/wire/event_wire.h"
#include "projections/team_state.h"
#include "services/identities.h"
#include "services/record/recorder.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"

namespace tenure::testing {

using projections::Access;
using projections::EntityKind;
using projections::Facts;
using projections::Number;
using projections::Point;

namespace {

const OrgId org{"team"};
constexpr std::int64_t minute_us = 60'000'000;
// 2024-01-01T09:00:00Z
constexpr std::int64_t begin_us = 1'704'099'600'000'000;

template <class T>
T must(Outcome<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().because);
  return std::move(*outcome);
}

}  // namespace

const AccessModel& shipped_model(std::string_view id) {
  static std::vector<std::shared_ptr<const AccessModel>> parsed;
  for (const auto& model : parsed) {
    if (model->id().text == id) return *model;
  }
  for (const ShippedModel& shipped : shipped_models()) {
    if (shipped.id != id) continue;
    const auto model = AccessModel::parse(shipped.document);
    if (!model) throw std::runtime_error(model.error().front().pointer + ": " + model.error().front().because);
    parsed.push_back(*model);
    return *parsed.back();
  }
  throw std::runtime_error("no model is shipped as " + std::string(id));
}

PermissionIndex permission_named(const AccessModel& model, std::string_view name, std::string_view module) {
  for (std::size_t i = 0; i < model.permissions().size(); ++i) {
    const PermissionRule& rule = model.permissions()[i];
    if (rule.name == name && (module.empty() || rule.module == module || rule.submodule == module)) {
      return static_cast<PermissionIndex>(i);
    }
  }
  throw std::runtime_error("the model has no permission " + std::string(name));
}

struct WatchedTeam::Inside {
  storage::MemoryStore store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  Instant now{begin_us};
  services::Recorder recorder{store, people, models, [this] { return now; }};
  projections::DirectoryCache names;
  services::Identities identities{people, names};
  const AccessModel* model = nullptr;
  std::size_t events = 0;

  Became record(Event event) {
    now = Instant{begin_us + static_cast<std::int64_t>(events++) * minute_us};
    event.occurred_at = now;
    services::AppendRequest request;
    request.org = org;
    request.events.push_back(std::move(event));
    std::vector<services::AppendRequest> batch;
    batch.push_back(std::move(request));
    const auto results = recorder.record(std::move(batch));
    if (const auto* failure = std::get_if<Failure>(&results.front())) throw std::runtime_error(failure->because);
    if (const auto* refusals = std::get_if<services::Refusals>(&results.front())) {
      const Refusal& refusal = refusals->front();
      if (refusal.code != RefusalCode::not_allowed) throw std::runtime_error(refusal.because);
      return {VerdictResult::violation, refusal.rule, refusal.because, false};
    }
    const Verdict& verdict = std::get<services::AppendAnswer>(results.front()).items.front().verdict;
    return {verdict.result, verdict.rule, verdict.because, true};
  }

  // Asks with the state as it was when the event of that number had happened.
  template <class Ask>
  auto ask(std::size_t event, const Ask& ask) {
    const auto snapshot = store.snapshot();
    const auto number = must(projections::find_org(*snapshot, org));
    const Instant at{begin_us + static_cast<std::int64_t>(event - 1) * minute_us};
    Facts facts(*snapshot, names, models, number, Point::end_of(at));
    const auto in_force = facts.model_at(facts.at());
    Access access(std::move(facts), in_force);
    const auto member = [&](const std::string& name) {
      return must(identities.member_of(*snapshot, org, number, name));
    };
    const auto identity = [&](Number of) { return must(identities.of_member(*snapshot, org, number, of)); };
    auto answer = ask(access, member, identity);
    if (access.facts().failure()) throw std::runtime_error(access.facts().failure()->because);
    return answer;
  }

  static projections::Question question(const AccessModel& model, const std::string& permission,
                                        const std::optional<std::string>& resource) {
    const auto index = model.permission(permission);
    if (!index) throw std::runtime_error("the model has no permission " + permission);
    return question(*index, resource);
  }
  static projections::Question question(PermissionIndex permission, const std::optional<std::string>& resource) {
    projections::Question question{permission, 1, std::nullopt};
    if (!resource) return question;
    const auto colon = resource->find(':');
    question.resource = ResourceId{resource->substr(0, colon), resource->substr(colon + 1)};
    return question;
  }
};

WatchedTeam::WatchedTeam(std::string_view model, Mode mode) : inside_(std::make_unique<Inside>()) {
  for (const ShippedModel& shipped : shipped_models()) {
    if (shipped.id == model) inside_->models.add(*AccessModel::parse(shipped.document));
  }
  inside_->model = &shipped_model(model);
  Event event;
  event.actor = {ActorKind::system, {"setup", {}}};
  event.data = event::OrgCreated{ModelId(std::string(model)), std::nullopt, mode, Person{"oda", {}}};
  inside_->record(std::move(event));
}

WatchedTeam::~WatchedTeam() = default;

Became WatchedTeam::by(ActorKind kind, const std::string& id, const std::string& type, const std::string& data) {
  const nlohmann::json document{
      {"type", type}, {"actor", {{"kind", to_text(kind)}, {"id", id}}}, {"data", nlohmann::json::parse(data)}};
  auto event = wire::read_event(document.dump());
  if (!event) throw std::runtime_error(event.error().because + " in " + document.dump());
  return inside_->record(std::move(*event));
}

Became WatchedTeam::by(const std::string& member, const std::string& type, const std::string& data) {
  return by(ActorKind::member, member, type, data);
}

WatchedTeam& WatchedTeam::with(const std::string& member, const std::string& role) {
  by(ActorKind::system, "setup", "member.added", nlohmann::json{{"member", member}, {"role", role}}.dump());
  return *this;
}

std::string WatchedTeam::level(const std::string& member, const std::string& permission,
                               const std::optional<std::string>& resource) {
  return level_after(inside_->events, member, permission, resource);
}

std::string WatchedTeam::level(const std::string& member, PermissionIndex permission,
                               const std::optional<std::string>& resource) {
  return level(member, model().permissions()[permission].id.text, resource);
}

std::string WatchedTeam::level_after(std::size_t event, const std::string& member, const std::string& permission,
                                     const std::optional<std::string>& resource) {
  return inside_->ask(event, [&](Access& access, const auto& number, const auto&) {
    const auto question = Inside::question(access.model(), permission, resource);
    const LevelIndex level = access.effective(number(member), question, false).level;
    return access.model().level_name(question.permission, level).text;
  });
}

std::string WatchedTeam::denied_because(const std::string& member, const std::string& permission,
                                        const std::optional<std::string>& resource) {
  return inside_->ask(inside_->events, [&](Access& access, const auto& number, const auto&) {
    return access.effective(number(member), Inside::question(access.model(), permission, resource), true)
        .denied_because;
  });
}

std::vector<std::string> WatchedTeam::who_can(const std::string& permission,
                                              const std::optional<std::string>& resource) {
  return inside_->ask(inside_->events, [&](Access& access, const auto&, const auto& identity) {
    std::vector<std::string> who;
    for (const auto& holder : access.who_can(Inside::question(access.model(), permission, resource), false)) {
      who.push_back(identity(holder.member));
    }
    std::sort(who.begin(), who.end());
    return who;
  });
}

std::string WatchedTeam::role(const std::string& member) {
  return inside_->ask(inside_->events, [&](Access& access, const auto& number, const auto&) {
    const Number role = access.direct_role(number(member));
    return role == 0 ? std::string() : access.facts().name(role).name;
  });
}

bool WatchedTeam::is_disabled(const std::string& member) {
  return inside_->ask(inside_->events,
                      [&](Access& access, const auto& number, const auto&) { return access.disabled(number(member)); });
}

std::size_t WatchedTeam::events() const { return inside_->events; }
const AccessModel& WatchedTeam::model() const { return *inside_->model; }

}  // namespace tenure::testing
