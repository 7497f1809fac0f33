// Writes definitions, for the log and for clients, and what their words are.
#include <cassert>
#include <nlohmann/json.hpp>

#include "events/review/definition.h"
#include "events/wire/canonical_json.h"

namespace tenure::review {
namespace {

using nlohmann::json;

// A person as the form has them: by number or by identity.
using PersonAs = std::function<json(PersonIndex)>;

template <class T>
void put(json& into, const char* name, const std::vector<T>& list, const std::function<json(const T&)>& as) {
  if (list.empty()) return;
  json& array = into[name] = json::array();
  for (const T& item : list) array.push_back(as(item));
}
template <class Tag>
json as_id(const Name<Tag>& name) {
  return name.text;
}
template <class Word>
json as_word(const Word& word) {
  return std::string(to_text(word));
}

json scope_of(const ReviewScope& scope) {
  json out = json::object();
  put<HoldKind>(out, "kinds", scope.kinds, as_word<HoldKind>);
  put<RoleId>(out, "roles", scope.roles, [](const RoleId& id) { return as_id(id); });
  put<GroupId>(out, "groups", scope.groups, [](const GroupId& id) { return as_id(id); });
  put<ReviewScope::Power>(out, "permissions", scope.permissions, [](const ReviewScope::Power& power) {
    return json{{"permission", power.permission.text}, {"level", power.level.text}};
  });
  put<ResourceId>(out, "resources", scope.resources, [](const ResourceId& id) { return json(to_text(id)); });
  put<Standing>(out, "members", scope.members, as_word<Standing>);
  out["changed_since_last"] = scope.changed_since_last;
  put<std::string>(out, "findings", scope.findings, [](const std::string& kind) { return json(kind); });
  return out;
}

json stage_of(const Stage& stage, const PersonAs& person) {
  json out{{"reviewers", json::array()}, {"outcome", as_word(stage.outcome)}, {"days", stage.days}};
  for (const ReviewerSource& source : stage.reviewers) {
    json item{{"kind", as_word(source.kind)}};
    put<PersonIndex>(item, "people", source.people, person);
    if (source.kind == SourceKind::holders_of) item["role"] = source.role.text;
    out["reviewers"].push_back(std::move(item));
  }
  put<PersonIndex>(out, "fallback", stage.fallback, person);
  put<std::uint64_t>(out, "remind_days", stage.remind_days, [](const std::uint64_t& days) { return json(days); });
  if (stage.escalate_to) {
    out["escalate_to"] = person(*stage.escalate_to);
    out["escalate_days"] = stage.escalate_days;
  }
  return out;
}

void put_review(json& out, const Definition& definition, const PersonAs& person) {
  json& stages = out["stages"] = json::array();
  for (const Stage& stage : definition.stages) stages.push_back(stage_of(stage, person));
  out["no_answer"] = as_word(definition.no_answer);
  out["justification"] = as_word(definition.justification);
  if (definition.revocations_at_most) out["revocations_at_most"] = *definition.revocations_at_most;
  out["carry_over"] = definition.carry_over;
  out["ends_early"] = definition.ends_early;
  out["remedy"] = {{"days", definition.remedy_days}};
  if (definition.remedy_owner) out["remedy"]["owner"] = person(*definition.remedy_owner);
  put<GroupOwners>(out, "group_owners", definition.group_owners, [&](const GroupOwners& owners) {
    json item{{"group", owners.group.text}};
    put<PersonIndex>(item, "people", owners.people, person);
    return item;
  });
}

std::string written(const Definition& definition, const PersonAs& person) {
  json out{{"id", definition.id}, {"name", definition.name}, {"purpose", as_word(definition.purpose)}};
  if (!definition.description.empty()) out["description"] = definition.description;
  out["scope"] = scope_of(definition.scope);
  if (definition.purpose == Purpose::review) {
    put_review(out, definition, person);
  } else {
    out["period_days"] = definition.period_days;
  }
  if (const auto& schedule = definition.schedule) {
    if (schedule->once) {
      out["schedule"] = {{"once", format_instant(*schedule->once)}};
    } else {
      out["schedule"] = {{"rrule", schedule->rrule}, {"start", schedule->start}, {"tz", schedule->tz}};
    }
  }
  return canonical_json(out).value();
}

}  // namespace

std::string terms_of(const Definition& definition) {
  std::string terms(to_text(definition.justification));
  for (const Stage& stage : definition.stages) {
    terms += '\n';
    terms += to_text(stage.outcome);
    for (const ReviewerSource& source : stage.reviewers) {
      terms += '\t';
      terms += to_text(source.kind);
      terms += ' ' + source.role.text;
    }
  }
  return terms;
}

std::string_view to_text(HoldKind kind) {
  switch (kind) {
    case HoldKind::role:
      return "role";
    case HoldKind::group:
      return "group";
    case HoldKind::grant:
      return "grant";
    case HoldKind::invitation:
      break;
  }
  return "invitation";
}

std::optional<HoldKind> hold_kind_from(std::string_view text) {
  for (const HoldKind kind : {HoldKind::role, HoldKind::group, HoldKind::grant, HoldKind::invitation}) {
    if (to_text(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string_view to_text(Standing standing) {
  switch (standing) {
    case Standing::active:
      return "active";
    case Standing::disabled:
      return "disabled";
    case Standing::outside:
      break;
  }
  return "outside";
}

std::string_view to_text(SourceKind kind) {
  switch (kind) {
    case SourceKind::named:
      return "named";
    case SourceKind::granted_by:
      return "granted_by";
    case SourceKind::group_owners:
      return "group_owners";
    case SourceKind::holders_of:
      break;
  }
  return "holders_of";
}

std::string_view to_text(OutcomeRule rule) {
  switch (rule) {
    case OutcomeRule::one_decides:
      return "one_decides";
    case OutcomeRule::all_agree:
      return "all_agree";
    case OutcomeRule::any_revoke:
      break;
  }
  return "any_revoke";
}

std::string_view to_text(NoAnswer silence) {
  switch (silence) {
    case NoAnswer::keep:
      return "keep";
    case NoAnswer::revoke:
      return "revoke";
    case NoAnswer::leave_open:
      break;
  }
  return "leave_open";
}

std::string_view to_text(Justification justification) {
  switch (justification) {
    case Justification::never:
      return "never";
    case Justification::endings:
      return "endings";
    case Justification::always:
      break;
  }
  return "always";
}

std::string_view to_text(Purpose purpose) { return purpose == Purpose::review ? "review" : "access_report"; }

std::string stored_definition(const Definition& definition) {
  return written(definition, [](PersonIndex person) { return json(person); });
}

std::string shown_definition(const Definition& definition, const IdentityOf& identity) {
  return written(definition, [&](PersonIndex person) {
    assert(person < definition.people.size());
    return json(identity(definition.people[person]));
  });
}

std::string quarterly_basics_json(std::string_view owner_role, const std::vector<RoleId>& others) {
  json sources{{{"kind", "holders_of"}, {"role", owner_role}}, {{"kind", "granted_by"}}};
  for (const RoleId& role : others) sources.push_back({{"kind", "holders_of"}, {"role", role.text}});
  const json definition{
      {"id", quarterly_basics},
      {"name", "Quarterly basics"},
      {"description",
       "The regular review of a team: end what members no longer need, verify that roles are still appropriate, and "
       "cancel invitations that nobody took."},
      {"stages", {{{"reviewers", sources}, {"days", 14}, {"remind_days", {7, 1}}}}},
      {"schedule",
       {{"rrule", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1"}, {"start", "2026-01-01T09:00:00"}, {"tz", "UTC"}}}};
  return canonical_json(definition).value();
}

}  // namespace tenure::review
