// What a definition names that is not there.
#include "services/reviews/recurrence.h"
#include "services/reviews/reviewing.h"

namespace tenure::services {

using projections::EntityKind;
using review::Definition;

namespace {

void add_resource_faults(Sight& sight, const review::ReviewScope& scope, Refusals& faults) {
  for (std::size_t i = 0; i < scope.resources.size(); ++i) {
    const ResourceId& resource = scope.resources[i];
    const std::string field = "/scope/resources/" + std::to_string(i);
    if (!sight.model()->resource_kind(resource.kind)) {
      faults.push_back(refuse(RefusalCode::unknown_resource,
                              "the model has no resources of kind \"" + resource.kind + "\".", field));
    } else if (resource.id != "*" && sight.facts().number(EntityKind::scope, to_text(resource)) == 0) {
      // Somebody may hold a power over all of a kind, and so over what no event has named: a slip of the pen would pass
      // for that.
      faults.push_back(refuse(RefusalCode::unknown_resource,
                              "nothing here is known of \"" + to_text(resource) +
                                  "\": it was never added, and nobody was given anything on it. See whether it is "
                                  "spelled right; an event resource.added makes it known.",
                              field));
    }
  }
}

void add_finding_faults(const review::ReviewScope& scope, Refusals& faults) {
  for (std::size_t i = 0; i < scope.findings.size(); ++i) {
    if (projections::finding_kind_from(scope.findings[i])) continue;
    std::string kinds;
    for (std::size_t kind = 0; kind < projections::finding_kinds; ++kind) {
      kinds += kind == 0 ? "" : kind + 1 == projections::finding_kinds ? " or " : ", ";
      kinds += projections::to_text(static_cast<projections::FindingKind>(kind));
    }
    faults.push_back(refuse(RefusalCode::invalid_field,
                            "\"" + scope.findings[i] + "\" is no kind of finding; it is one of " + kinds + ".",
                            "/scope/findings/" + std::to_string(i)));
  }
}

}  // namespace

// Names that neither the model nor the organization has.
Refusals Reviewing::faults_of(Sight& sight, const Definition& definition) {
  Refusals faults;
  const auto fault = [&](RefusalCode code, const std::string& because, std::string field) {
    faults.push_back(refuse(code, because, std::move(field)));
  };
  const AccessModel& model = *sight.model();
  const auto has_role = [&](const RoleId& role) {
    return model.role(role.text) || sight.facts().number(EntityKind::role, role.text) != 0;
  };
  const auto check_role = [&](const RoleId& role, std::string field) {
    if (!has_role(role)) {
      fault(RefusalCode::unknown_role, "there is no role \"" + role.text + "\"; GET /v1/orgs/{org}/roles lists them.",
            std::move(field));
    }
  };
  const auto check_group = [&](const GroupId& group, std::string field) {
    if (sight.facts().number(EntityKind::group, group.text) == 0) {
      fault(RefusalCode::unknown_group,
            "there is no group \"" + group.text + "\"; GET /v1/orgs/{org}/groups lists them.", std::move(field));
    }
  };
  const review::ReviewScope& scope = definition.scope;
  for (std::size_t i = 0; i < scope.roles.size(); ++i) check_role(scope.roles[i], "/scope/roles/" + std::to_string(i));
  for (std::size_t i = 0; i < scope.groups.size(); ++i) {
    check_group(scope.groups[i], "/scope/groups/" + std::to_string(i));
  }
  for (std::size_t i = 0; i < definition.group_owners.size(); ++i) {
    check_group(definition.group_owners[i].group, "/group_owners/" + std::to_string(i) + "/group");
  }
  for (std::size_t i = 0; i < scope.permissions.size(); ++i) {
    const std::string field = "/scope/permissions/" + std::to_string(i);
    const auto permission = model.permission(scope.permissions[i].permission.text);
    if (!permission) {
      fault(RefusalCode::unknown_permission,
            "the model " + model.id().text + " has no permission \"" + scope.permissions[i].permission.text +
                "\"; GET /v1/models/" + model.id().text + " lists them.",
            field + "/permission");
    } else if (!model.level(*permission, scope.permissions[i].level.text)) {
      fault(RefusalCode::unknown_level,
            "\"" + scope.permissions[i].level.text + "\" is not a level of that permission.", field + "/level");
    }
  }
  add_resource_faults(sight, scope, faults);
  add_finding_faults(scope, faults);
  if (definition.schedule && !definition.schedule->once) {
    const review::Schedule& schedule = *definition.schedule;
    const auto read = Recurrence::parse(schedule.rrule, schedule.start, schedule.tz);
    if (!read) fault(read.error().code, read.error().because, "/" + read.error().field);
  }
  for (std::size_t s = 0; s < definition.stages.size(); ++s) {
    for (std::size_t r = 0; r < definition.stages[s].reviewers.size(); ++r) {
      const review::ReviewerSource& source = definition.stages[s].reviewers[r];
      if (source.kind != review::SourceKind::holders_of) continue;
      check_role(source.role, "/stages/" + std::to_string(s) + "/reviewers/" + std::to_string(r) + "/role");
    }
  }
  return faults;
}

std::vector<Instant> next_runs(const review::Schedule& schedule, Instant after, std::size_t n) {
  if (schedule.once) return *schedule.once > after ? std::vector{*schedule.once} : std::vector<Instant>();
  const auto read = Recurrence::parse(schedule.rrule, schedule.start, schedule.tz);
  return read ? read->upcoming(after, n) : std::vector<Instant>();
}

std::optional<Refusal> schedule_is_over(const review::Schedule& schedule, Instant now) {
  const auto over = [](Instant last, std::string field) {
    return refuse(RefusalCode::invalid_field,
                  "the schedule's last date was " + format_instant(last) +
                      ", so it would never run; give it a later one, or leave \"schedule\" out and open it by hand.",
                  std::move(field));
  };
  if (schedule.once) return *schedule.once > now ? std::nullopt : std::optional(over(*schedule.once, "/schedule/once"));
  const auto read = Recurrence::parse(schedule.rrule, schedule.start, schedule.tz);
  if (!read || read->first_after(now)) return std::nullopt;
  const auto last = read->last_at_or_before(now);
  return last ? std::optional(over(*last, "/schedule/rrule")) : std::nullopt;
}

}  // namespace tenure::services
