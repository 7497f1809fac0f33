#include "services/reviews/report_words.h"

#include "events/digest.h"

namespace tenure::services {

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

using projections::EntityKind;
using reports::Cell;
using review::HoldKind;

std::string power_in_words(projections::Facts& names, const projections::Hold& hold) {
  switch (hold.kind) {
    case HoldKind::role:
      return "role " + names.name(hold.of).name;
    case HoldKind::group:
      return "group " + names.name(hold.of).name;
    case HoldKind::grant:
      return names.name(hold.role).name + " on " + names.name(hold.of).name;
    case HoldKind::invitation:
      break;
  }
  return hold.of == 0 ? "invitation" : "invitation as " + names.name(hold.of).name;
}

reports::Texts gives_in_words(projections::Holds& holds, const projections::Hold& hold) {
  auto& names = holds.access().facts();
  reports::Texts texts;
  const auto gives = holds.gives(hold);
  texts.reserve(gives.size());
  for (const projections::Holds::Gives& each : gives) {
    std::string& text = texts.emplace_back(names.name(each.role).name);
    if (each.scope != 0) text += " on " + names.name(each.scope).name;
    if (each.by != 0) text += " through group " + names.name(each.by).name;
  }
  return texts;
}

reports::Column basis_column() { return {"basis", "Basis", reports::Kind::text, 8}; }

Cell basis_cell(projections::Facts& facts, std::uint64_t position) {
  return facts.found_so(position) ? Cell(std::string("found so")) : Cell();
}

void add_found_so(std::vector<reports::Fact>& facts, std::ptrdiff_t holds) {
  if (holds > 0) facts.push_back({"found_so", "Found so, since when is unknown", std::int64_t{holds}});
}

reports::Texts limits_in_words(projections::Holds& holds, const projections::Hold& hold) {
  const auto limits = holds.limits(hold);
  reports::Texts texts;
  for (const std::string& where : limits.disabled) {
    texts.push_back(where == projections::Holds::everywhere ? "disabled" : "disabled in " + where);
  }
  for (const std::string& feature : limits.features_off) texts.push_back("off: the feature " + feature);
  if (limits.where_assigned) texts.emplace_back("some only on what is assigned");
  if (limits.unless_assigned) {
    texts.emplace_back(limits.has_assigned ? "some not on all, since something is assigned"
                                           : "on all, since nothing is assigned");
  }
  for (const std::string& resource : limits.assigned) texts.push_back("assigned: " + resource);
  return texts;
}

std::string scope_in_words(const review::ReviewScope& scope) {
  std::vector<std::string> parts;
  const auto list = [&](const char* what, const auto& all, const auto& name) {
    if (all.empty()) return;
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const auto& each : all) names.emplace_back(name(each));
    parts.push_back(std::string(what) + " " + joined(names));
  };
  list("holds of kind", scope.kinds, [](review::HoldKind kind) { return std::string(review::to_text(kind)); });
  list("roles", scope.roles, [](const RoleId& role) { return role.text; });
  list("groups", scope.groups, [](const GroupId& group) { return group.text; });
  list("permissions", scope.permissions, [](const review::ReviewScope::Power& power) {
    return power.permission.text + " at " + power.level.text + " or above";
  });
  list("resources", scope.resources, [](const ResourceId& resource) { return to_text(resource); });
  list("members", scope.members, [](review::Standing standing) { return std::string(review::to_text(standing)); });
  list("findings", scope.findings, [](const std::string& kind) { return kind; });
  if (scope.changed_since_last) parts.emplace_back("only what changed since the last review");
  if (parts.empty()) return "Everything that anybody holds: roles, groups, grants and pending invitations";
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

void add_place(std::vector<reports::Fact>& facts, ShownPeople& people, const OpenOrg& org, const PlaceNames& names,
               Position position) {
  storage::Snapshot& snapshot = *org.snapshot;
  const auto version = snapshot.version_at(org.id, position);
  const auto at = version ? snapshot.position_of(org.id, *version) : Outcome<Position>(version.error());
  const auto record = at ? snapshot.record(*at) : Outcome<storage::LogRecord>(at.error());
  if (!record) return people.note(record.error());
  const std::string behind = names.when.empty() ? std::string() : " " + names.when;
  facts.push_back({names.prefix + "version", "Version" + behind, static_cast<std::int64_t>(version->value)});
  facts.push_back({names.prefix + "chain", "Chain hash" + behind, to_hex(sha256(record->bytes))});
}

std::vector<reports::Column> finding_columns() {
  using reports::Kind;
  return {{"id", "Finding", Kind::text, 24, false}, {"kind", "Kind", Kind::text, 22},
          {"member", "Member", Kind::text, 28},     {"since", "Since", Kind::instant},
          {"because", "Because", Kind::text, 50},   basis_column()};
}

reports::Row finding_row(Sight& sight, ShownPeople& people, const projections::Finding& finding) {
  Cell member;
  if (finding.entity != 0 && sight.facts().name(finding.entity).kind == EntityKind::member) {
    member = people.identity(sight.subject_of(finding.entity));
  }
  return {finding.id,
          std::string(projections::to_text(finding.kind)),
          std::move(member),
          finding.since.position == 0 ? Cell() : Cell(Instant{finding.since.us}),
          finding.because.empty() ? Cell() : Cell(finding.because),
          basis_cell(sight.facts(), finding.since.position)};
}

}  // namespace tenure::services
