// Reads definitions: a client's, in which people stand by identity, and the log's, in which they are numbers.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "events/limits.h"
#include "events/model/members_json.h"
#include "events/review/definition.h"
#include "events/wire/canonical_json.h"
#include "events/wire/json_read.h"

namespace tenure::review {
namespace {

using nlohmann::json;
using Need = Members::Need;
using Read = boost::system::result<Definition, std::vector<Refusal>>;

constexpr std::array hold_kinds{HoldKind::role, HoldKind::group, HoldKind::grant, HoldKind::invitation};
constexpr std::array standings{Standing::active, Standing::disabled, Standing::outside};
constexpr std::array source_kinds{SourceKind::named, SourceKind::granted_by, SourceKind::group_owners,
                                  SourceKind::holders_of};
constexpr std::array outcome_rules{OutcomeRule::one_decides, OutcomeRule::all_agree, OutcomeRule::any_revoke};
constexpr std::array silences{NoAnswer::keep, NoAnswer::revoke, NoAnswer::leave_open};
constexpr std::array justifications{Justification::never, Justification::endings, Justification::always};
constexpr std::array purposes{Purpose::review, Purpose::access_report};

// "keep, revoke or leave_open"
template <class Words>
std::string choices(const Words& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += to_text(words[i]);
  }
  return text;
}

bool is_identifier(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= limits::identifier_bytes_max &&
         std::none_of(text.begin(), text.end(), control);
}

const std::string not_an_identifier = "Text of 1 to " + std::to_string(limits::identifier_bytes_max) +
                                      " bytes without control characters should stand here.";

class DefinitionReader {
 public:
  // `beside`: how many people stand beside a stored document; none for a client's.
  explicit DefinitionReader(std::optional<std::size_t> beside) : beside_(beside) {}

  void read(const json& document) {
    Members top(
        faults, document, "",
        {"id", "name", "description", "purpose", "scope", "stages", "no_answer", "justification", "revocations_at_most",
         "carry_over", "ends_early", "remedy", "group_owners", "schedule", "period_days"});
    if (!top.is_object()) return;
    read_names(top);
    read_scope(top);
    if (definition.purpose == Purpose::review) {
      read_stages(top);
      read_outcome(top);
      read_group_owners(top);
      read_remedy(top);
      if (top.find("period_days")) top.fault("period_days", "Only a report has a period; leave it out.");
    } else {
      read_report(top);
    }
    read_schedule(top);
  }

  ModelFaults faults;
  Definition definition;

 private:
  // ---- parts of any object

  std::optional<std::string> identifier(const json& item, const std::string& pointer) {
    if (item.is_string() && is_identifier(item.get_ref<const std::string&>())) return item.get<std::string>();
    faults.add(pointer, not_an_identifier);
    return std::nullopt;
  }
  std::string identifier(Members& members, std::string_view name) {
    const json* item = members.find(name, Need::required);
    return item ? identifier(*item, members.at(name)).value_or("") : std::string();
  }

  template <class T, std::size_t n>
  T one_of(Members& members, std::string_view name, const std::array<T, n>& words, T otherwise,
           Need need = Need::optional) {
    const json* item = members.find(name, need);
    if (!item) return otherwise;
    return word(*item, members.at(name), words).value_or(otherwise);
  }
  template <class T, std::size_t n>
  std::optional<T> word(const json& item, const std::string& pointer, const std::array<T, n>& words) {
    for (const T known : words) {
      if (item.is_string() && item.get_ref<const std::string&>() == to_text(known)) return known;
    }
    faults.add(pointer, "It is one of " + choices(words) + ".");
    return std::nullopt;
  }

  // A list that is not empty and has nothing twice.
  void each_once(Members& members, std::string_view name, Need need, std::size_t most, const Members::Visit& visit) {
    const json* list = members.find(name);
    if (list && list->is_array() && list->empty()) {
      return members.fault(name, "An empty list says nothing; leave it out.");
    }
    std::set<json> seen;
    members.each(name, need, most, [&](const json& item, const std::string& pointer) {
      if (!seen.insert(item).second) return faults.add(pointer, "This stands in the list already.");
      visit(item, pointer);
    });
  }
  template <class T, std::size_t n>
  void each_word(Members& members, std::string_view name, const std::array<T, n>& words, std::vector<T>& into) {
    each_once(members, name, Need::optional, entries_max, [&](const json& item, const std::string& pointer) {
      if (const auto known = word(item, pointer, words)) into.push_back(*known);
    });
  }
  template <class T>
  void each_identifier(Members& members, std::string_view name, std::vector<T>& into) {
    each_once(members, name, Need::optional, entries_max, [&](const json& item, const std::string& pointer) {
      if (auto text = identifier(item, pointer)) into.emplace_back(std::move(*text));
    });
  }

  std::uint64_t number(Members& members, std::string_view name, std::uint64_t least, std::uint64_t most,
                       std::uint64_t otherwise) {
    const auto found = members.whole_number(name, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
    return found ? static_cast<std::uint64_t>(*found) : otherwise;
  }

  // ---- people

  std::optional<PersonIndex> person(const json& item, const std::string& pointer) {
    if (beside_) {
      if (item.is_number_unsigned() && item.get<std::uint64_t>() < *beside_) return item.get<PersonIndex>();
      faults.add(pointer, "The number of one of the people beside the document should stand here.");
      return std::nullopt;
    }
    auto identity = identifier(item, pointer);
    if (!identity) return std::nullopt;
    const auto [at, is_new] =
        person_by_identity_.emplace(*identity, static_cast<PersonIndex>(definition.people.size()));
    if (!is_new) return at->second;
    if (definition.people.size() == people_max) {
      person_by_identity_.erase(at);
      if (!too_many_people_) {
        faults.add(pointer, "One definition names at most " + std::to_string(people_max) +
                                " people; ask the holders of a role instead (holders_of).");
      }
      too_many_people_ = true;
      return std::nullopt;
    }
    definition.people.push_back({std::move(*identity), {}});
    return at->second;
  }
  std::optional<PersonIndex> person(Members& members, std::string_view name) {
    const json* item = members.find(name);
    return item ? person(*item, members.at(name)) : std::nullopt;
  }
  void people(Members& members, std::string_view name, Need need, std::vector<PersonIndex>& into) {
    each_once(members, name, need, people_max, [&](const json& item, const std::string& pointer) {
      if (const auto one = person(item, pointer)) into.push_back(*one);
    });
  }

  // ---- the definition's parts

  void read_names(Members& top) {
    definition.id = top.text("id", Need::required).value_or("");
    if (!definition.id.empty() && !is_review_id(definition.id)) {
      top.fault("id", "An id has 1 to " + std::to_string(id_bytes_max) +
                          " letters, digits, dots, dashes and underscores, and is neither . nor .., since it stands "
                          "in addresses.");
    }
    definition.name = top.text("name", Need::required).value_or("");
    definition.description = top.text("description").value_or("");
    definition.purpose = one_of(top, "purpose", purposes, Purpose::review);
  }

  void read_scope(Members& top) {
    const json* item = top.find("scope");
    if (!item) return;
    Members members(
        faults, *item, top.at("scope"),
        {"kinds", "roles", "groups", "permissions", "resources", "members", "changed_since_last", "findings"});
    if (!members.is_object()) return;
    ReviewScope& scope = definition.scope;
    each_word(members, "kinds", hold_kinds, scope.kinds);
    each_identifier(members, "roles", scope.roles);
    each_identifier(members, "groups", scope.groups);
    each_once(members, "permissions", Need::optional, entries_max, [&](const json& json, const std::string& pointer) {
      Members power(faults, json, pointer, {"permission", "level"});
      if (!power.is_object()) return;
      PermissionId permission(identifier(power, "permission"));
      scope.permissions.push_back({std::move(permission), LevelId(identifier(power, "level"))});
    });
    each_once(members, "resources", Need::optional, entries_max, [&](const json& json, const std::string& pointer) {
      const auto text = identifier(json, pointer);
      if (!text) return;
      auto resource = parse_resource(*text, pointer);
      if (!resource) return faults.add(pointer, resource.error().because);
      scope.resources.push_back(std::move(*resource));
    });
    each_word(members, "members", standings, scope.members);
    scope.changed_since_last = members.flag("changed_since_last").value_or(false);
    each_once(members, "findings", Need::optional, entries_max, [&](const json& json, const std::string& pointer) {
      if (json.is_string() && is_plain_name(json.get_ref<const std::string&>())) {
        scope.findings.push_back(json.get<std::string>());
      } else {
        faults.add(pointer, "A kind of finding should stand here, for example rule_violation.");
      }
    });
  }

  void read_outcome(Members& top) {
    definition.no_answer = one_of(top, "no_answer", silences, NoAnswer::leave_open);
    definition.justification = one_of(top, "justification", justifications, Justification::endings);
    if (top.find("revocations_at_most")) {
      definition.revocations_at_most = number(top, "revocations_at_most", 0, revocations_max, 0);
    }
    definition.carry_over = top.flag("carry_over").value_or(false);
    definition.ends_early = top.flag("ends_early").value_or(false);
  }

  void read_group_owners(Members& top) {
    std::set<std::string> groups;
    each_once(top, "group_owners", Need::optional, entries_max, [&](const json& json, const std::string& pointer) {
      Members members(faults, json, pointer, {"group", "people"});
      if (!members.is_object()) return;
      GroupOwners owners;
      owners.group = GroupId(identifier(members, "group"));
      if (!owners.group.text.empty() && !groups.insert(owners.group.text).second) {
        members.fault("group", "The owners of this group are stated already; state each group once.");
      }
      people(members, "people", Need::required, owners.people);
      definition.group_owners.push_back(std::move(owners));
    });
    if (!asks_group_owners_.empty() && !top.find("group_owners")) {
      faults.add(asks_group_owners_,
                 "Owners of groups are asked here, and none are stated; state them in group_owners.");
    }
  }

  void read_stages(Members& top) {
    const json* list = top.find("stages");
    if (list && list->is_array() && list->empty()) top.fault("stages", "A review has one to three stages.");
    top.each("stages", Need::required, stages_max, [&](const json& json, const std::string& pointer) {
      Members members(faults, json, pointer,
                      {"reviewers", "fallback", "outcome", "days", "remind_days", "escalate_to", "escalate_days"});
      if (members.is_object()) read_stage(members);
    });
  }

  void read_stage(Members& members) {
    Stage stage;
    const auto reviewers = [](const json* list) { return !list || (list->is_array() && list->empty()); };
    if (reviewers(members.find("reviewers")) && !members.find("fallback")) {
      members.fault("reviewers", "A stage asks somebody: state at least one source of reviewers, or a fallback.");
    }
    members.each("reviewers", Need::optional, entries_max,
                 [&](const json& json, const std::string& pointer) { read_source(json, pointer, stage); });
    people(members, "fallback", Need::optional, stage.fallback);
    stage.outcome = one_of(members, "outcome", outcome_rules, OutcomeRule::one_decides);
    stage.days = number(members, "days", 1, days_max, stage.days);
    read_reminders(members, stage);
    read_escalation(members, stage);
    definition.stages.push_back(std::move(stage));
  }

  void read_source(const json& json, const std::string& pointer, Stage& stage) {
    ReviewerSource source;
    if (json.is_object()) {
      if (!json.contains("kind")) return faults.add(pointer_to(pointer, "kind"), "This member is missing.");
      const auto kind = word(json["kind"], pointer_to(pointer, "kind"), source_kinds);
      if (!kind) return;
      source.kind = *kind;
    }
    // What may stand in it follows from its kind.
    Members members = source.kind == SourceKind::named        ? Members(faults, json, pointer, {"kind", "people"})
                      : source.kind == SourceKind::holders_of ? Members(faults, json, pointer, {"kind", "role"})
                                                              : Members(faults, json, pointer, {"kind"});
    if (!members.is_object()) return;
    if (source.kind == SourceKind::named) people(members, "people", Need::required, source.people);
    if (source.kind == SourceKind::holders_of) source.role = RoleId(identifier(members, "role"));
    if (source.kind == SourceKind::group_owners && asks_group_owners_.empty()) asks_group_owners_ = pointer;
    stage.reviewers.push_back(std::move(source));
  }

  void read_reminders(Members& members, Stage& stage) {
    each_once(members, "remind_days", Need::optional, reminders_max, [&](const json& json, const std::string& pointer) {
      if (json.is_number_unsigned() && json.get<std::uint64_t>() >= 1 && json.get<std::uint64_t>() < stage.days) {
        stage.remind_days.push_back(json.get<std::uint64_t>());
      } else {
        faults.add(pointer, before_the_end(stage));
      }
    });
    std::sort(stage.remind_days.rbegin(), stage.remind_days.rend());
  }

  void read_escalation(Members& members, Stage& stage) {
    stage.escalate_to = person(members, "escalate_to");
    if (!members.find("escalate_to")) {
      if (members.find("escalate_days")) members.fault("escalate_days", "This needs escalate_to: who is asked too.");
      return;
    }
    stage.escalate_days = number(members, "escalate_days", 1, days_max, stage.escalate_days);
    if (stage.escalate_days >= stage.days) {
      const std::string_view where = members.find("escalate_days") ? "escalate_days" : "escalate_to";
      members.fault(where, before_the_end(stage));
    }
  }

  static std::string before_the_end(const Stage& stage) {
    const std::string days = std::to_string(stage.days);
    return "Whole days before the stage's end, at least 1 and fewer than the " + days + " that it lasts.";
  }

  void read_remedy(Members& top) {
    const json* item = top.find("remedy");
    if (!item) return;
    Members members(faults, *item, top.at("remedy"), {"days", "owner"});
    if (!members.is_object()) return;
    definition.remedy_days = number(members, "days", 1, days_max, definition.remedy_days);
    definition.remedy_owner = person(members, "owner");
  }

  void read_report(Members& top) {
    for (const char* name : {"stages", "no_answer", "justification", "revocations_at_most", "carry_over", "ends_early",
                             "remedy", "group_owners"}) {
      if (top.find(name)) top.fault(name, "A report asks nobody and ends nothing; leave this out.");
    }
    // What the log keeps was taken once, and is read as it is.
    if (definition.scope.changed_since_last && !beside_) {
      faults.add(top.at("scope") + "/changed_since_last",
                 "A report has no review before it; it tells what changed in its period by itself. Leave this out.");
    }
    definition.period_days = number(top, "period_days", 1, days_max, definition.period_days);
  }

  void read_schedule(Members& top) {
    const json* item = top.find("schedule");
    if (!item) return;
    Members members(faults, *item, top.at("schedule"), {"rrule", "start", "tz", "once"});
    if (!members.is_object()) return;
    Schedule schedule;
    if (!members.find("once")) {
      schedule.rrule = members.text("rrule", Need::required).value_or("");
      schedule.start = members.text("start", Need::required).value_or("");
      schedule.tz = members.text("tz", Need::required).value_or("");
    } else if (members.find("rrule") || members.find("start") || members.find("tz")) {
      members.fault("once", "A schedule is one instant (once) or a rule (rrule, start and tz), not both.");
    } else if (const auto text = members.text("once")) {
      const auto once = parse_instant(*text, members.at("once"));
      if (once) {
        schedule.once = *once;
      } else {
        members.fault("once", once.error().because);
      }
    }
    definition.schedule = std::move(schedule);
  }

  std::optional<std::size_t> beside_;
  std::unordered_map<std::string, PersonIndex> person_by_identity_;
  bool too_many_people_ = false;
  std::string asks_group_owners_;  // the place of the first source that does
};

std::vector<Refusal> one(Refusal refusal) { return {std::move(refusal)}; }

Read read_text(std::string_view text, std::optional<std::size_t> beside) {
  const auto document = read_json(text);
  if (!document) return one(document.error());
  // Numbers that no reader keeps exactly are refused there.
  if (const auto canonical = canonical_json(*document); !canonical) return one(canonical.error());
  DefinitionReader reader(beside);
  reader.read(*document);
  if (reader.faults.empty()) return std::move(reader.definition);
  std::vector<Refusal> refusals;
  for (ModelFault& fault : reader.faults.take()) {
    refusals.push_back(refuse(RefusalCode::invalid_field, std::move(fault.because), std::move(fault.pointer)));
  }
  return refusals;
}

}  // namespace

bool is_review_id(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !text.empty() && text.size() <= id_bytes_max && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), fits);
}

Read read_definition(std::string_view json) {
  if (json.size() > definition_bytes_max) {
    return one(refuse(RefusalCode::too_large, "A definition has at most " + std::to_string(definition_bytes_max) +
                                                  " bytes; ask the holders of a role instead of naming many people."));
  }
  return read_text(json, std::nullopt);
}

Outcome<Definition> from_log(std::string_view document, const std::vector<Person>& people) {
  auto definition = read_text(document, people.size());
  if (!definition) {
    const Refusal first = definition.error().front();  // a copy: error() answers by value
    return fail(FailureCode::corruption,
                "a stored definition of reviews is none: " + first.field + ": " + first.because);
  }
  definition->people = people;
  return std::move(*definition);
}

}  // namespace tenure::review
