#include "tests/oracle/naive_fold.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

void NaiveFold::Inside::note_person(const std::string& identity) { shown.emplace(folded(identity), identity); }

void NaiveFold::Inside::note_people(const json& event) {
  for (const char* name : {"actor", "approved_by"}) {
    if (!event.contains(name)) continue;
    const std::string kind = text(event.at(name), "kind");
    if (kind == "member" || kind == "support") note_person(text(event.at(name), "id"));
  }
  if (!event.contains("data")) return;
  const json& data = event.at("data");
  for (const char* name : {"member", "owner", "from", "to"}) {
    if (data.contains(name)) note_person(text(data, name));
  }
  const std::string principal = text_or_none(data, "principal");
  if (principal.rfind("member:", 0) == 0) note_person(principal.substr(7));
}

std::size_t NaiveFold::Inside::named_model(const json& data) const {
  for (std::size_t i = models.size(); i-- > 0;) {
    if (text(models[i], "id") != text(data, "model")) continue;
    if (!data.contains("model_version") || text(data, "model_version") == versions[i]) return i;
  }
  throw std::logic_error("the oracle was not given the model " + data.dump());
}

// A retraction speaks of an earlier position, so going backwards each retraction is known to stand or not before the
// event that it names is reached.
std::vector<const Fact*> NaiveFold::Inside::facts_known(std::int64_t known_position) const {
  std::set<std::int64_t> retracted;
  std::vector<const Fact*> known;
  for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
    if (fact->position > known_position || retracted.count(fact->position) > 0) continue;
    if (text(fact->event, "type") == "event.retracted") {
      retracted.insert(fact->event.at("data").at("position").get<std::int64_t>());
    }
    known.push_back(&*fact);
  }
  std::sort(known.begin(), known.end(), [](const Fact* a, const Fact* b) {
    return std::tie(a->occurred_us, a->position) < std::tie(b->occurred_us, b->position);
  });
  return known;
}

State NaiveFold::Inside::beginning(const std::vector<const Fact*>& known) const {
  State state;
  state.model = &models.front();
  for (const Fact* fact : known) {
    if (text(fact->event, "type") != "org.created") continue;
    state.model = &models.at(fact->model);
    break;
  }
  return state;
}

State NaiveFold::Inside::state(std::int64_t at_us, std::int64_t known_position) const {
  const std::vector<const Fact*> known = facts_known(known_position);
  State state = beginning(known);
  for (const Fact* fact : known) {
    if (fact->occurred_us <= at_us) fold(state, models, *fact);
  }
  return state;
}

NaiveFold::NaiveFold(const json& model, const std::string& version) : inside_(std::make_unique<Inside>()) {
  add_model(model, version);
}
NaiveFold::~NaiveFold() = default;
NaiveFold::NaiveFold(NaiveFold&&) noexcept = default;

void NaiveFold::add_model(const json& model, const std::string& version) {
  inside_->models.push_back(model);
  inside_->versions.push_back(version);
}

void NaiveFold::append(const json& event, std::int64_t position, std::int64_t recorded_at_us) {
  if (!inside_->facts.empty() && position <= inside_->facts.back().position) {
    throw std::logic_error("positions rise");
  }
  Fact fact;
  fact.event = event;
  fact.position = position;
  fact.occurred_us = event.contains("occurred_us")   ? event.at("occurred_us").get<std::int64_t>()
                     : event.contains("occurred_at") ? instant_us(text(event, "occurred_at"))
                                                     : recorded_at_us;
  const std::string type = text(event, "type");
  if (type == "org.created" || type == "org.model_changed") fact.model = inside_->named_model(event.at("data"));
  inside_->note_people(event);
  inside_->facts.push_back(fact);
}

OracleAnswer NaiveFold::who_can(const std::string& permission, const std::optional<std::string>& level,
                                const std::optional<std::string>& resource, std::int64_t at_us,
                                std::int64_t known_position) const {
  OracleAnswer answer;
  answer.before_history = before_history(at_us, known_position);
  if (answer.before_history) return answer;
  const State state = inside_->state(at_us, known_position);
  for (const auto& [identity, as_sent] : inside_->shown) {
    const std::optional<Row> row = oracle::can(state, identity, permission, level, resource);
    if (row) answer.rows[as_sent] = *row;
  }
  return answer;
}

std::optional<Row> NaiveFold::can(const std::string& member, const std::string& permission,
                                  const std::optional<std::string>& level, const std::optional<std::string>& resource,
                                  std::int64_t at_us, std::int64_t known_position) const {
  if (before_history(at_us, known_position)) return std::nullopt;
  return oracle::can(inside_->state(at_us, known_position), folded(member), permission, level, resource);
}

std::vector<NaivePath> NaiveFold::paths(const std::string& member, const std::string& permission,
                                        const std::optional<std::string>& resource, std::int64_t at_us,
                                        std::int64_t known_position) const {
  if (before_history(at_us, known_position)) return {};
  return oracle::paths(inside_->state(at_us, known_position), folded(member), permission, resource);
}

bool NaiveFold::Inside::found_so(std::int64_t position) const {
  for (const Fact& fact : facts) {
    if (fact.position == position) return text_or_none(fact.event, "basis") == "baseline";
  }
  throw std::logic_error("no event at position " + std::to_string(position));
}

std::set<std::string> NaiveFold::denials(const std::string& member, const std::string& permission,
                                         const std::optional<std::string>& level,
                                         const std::optional<std::string>& resource, std::int64_t at_us,
                                         std::int64_t known_position) const {
  if (before_history(at_us, known_position)) return {"unknown time"};
  auto reasons = oracle::denials(inside_->state(at_us, known_position), folded(member), permission, level, resource);
  const bool too_little = reasons.count("nothing given") + reasons.count("too low") > 0;
  if (too_little && inside_->found_later(folded(member), at_us, known_position)) reasons.insert("found later");
  return reasons;
}

NaiveVerdict NaiveFold::verdict(std::int64_t position) const {
  if (const auto known = inside_->verdicts.find(position); known != inside_->verdicts.end()) return known->second;
  for (const Fact& fact : inside_->facts) {
    if (fact.position != position) continue;
    return inside_->verdicts[position] = judge(inside_->state(fact.occurred_us, position - 1), inside_->models, fact);
  }
  throw std::logic_error("no event at position " + std::to_string(position));
}

std::map<std::string, MemberRow> NaiveFold::members(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, MemberRow> rows;
  for (const auto& [member, since] : state.members) {
    const std::int64_t by = state.made_by.at("membership of " + member).front();
    rows[inside_->shown.at(member)] = {state.disablement(member).whole ? "disabled" : "active",
                                       direct_role(state, member), direct_groups(state, member), since,
                                       inside_->found_so(by)};
  }
  return rows;
}

std::map<std::string, InvitationRow> NaiveFold::invitations(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, InvitationRow> rows;
  for (const auto& [member, invitations] : state.invitations) {
    const std::vector<Invitation> pending = pending_invitations(state, member, at_us);
    if (state.members.count(member) > 0 || pending.empty()) continue;
    const Invitation& latest = pending.back();
    rows[inside_->shown.at(member)] = {
        latest.role, {latest.groups.begin(), latest.groups.end()}, latest.since_us, inside_->found_so(latest.position)};
  }
  return rows;
}

std::string NaiveFold::status(const std::string& member, std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  const std::string who = folded(member);
  if (state.members.count(who) > 0) {
    return state.disablement(who).whole ? "disabled" : "active";
  }
  if (!pending_invitations(state, who, at_us).empty()) return "invited";
  return state.removed_members.count(who) > 0 ? "removed" : "not a member";
}

std::map<std::string, GroupRow> NaiveFold::groups(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, GroupRow> rows;
  for (const auto& [group, since] : state.groups) {
    GroupRow row;
    row.since_us = since;
    row.found_so = inside_->found_so(state.made_by.at("creation of group:" + group).front());
    for (const auto& [link, joined] : state.members_of_groups) {
      if (link.first == group && state.members.count(link.second) > 0) ++row.members;
    }
    const auto parent = state.parent_of_group.find(group);
    if (parent != state.parent_of_group.end() && state.groups.count(parent->second) > 0) row.parent = parent->second;
    const auto role = state.role_of_group.find(group);
    if (role != state.role_of_group.end() && state.role_exists(role->second)) row.role = role->second;
    rows[group] = row;
  }
  return rows;
}

std::map<std::string, GroupMemberRow> NaiveFold::group_members(const std::string& group, std::int64_t at_us,
                                                               std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, GroupMemberRow> rows;
  for (const auto& [link, joined] : state.members_of_groups) {
    const auto& [linked_group, member] = link;
    if (linked_group != group || state.groups.count(group) == 0 || state.members.count(member) == 0) continue;
    std::pair<std::int64_t, std::int64_t> last(INT64_MIN, 0);  // when, and by which event
    for (const std::string& made : {member + " in " + group, "creation of group:" + group, "membership of " + member}) {
      const std::int64_t by = state.made_by.at(made).front();
      last = std::max(last, {state.happened.at(by), by});
    }
    rows[inside_->shown.at(member)] = {last.first, inside_->found_so(last.second)};
  }
  return rows;
}

std::map<std::string, RoleRow> NaiveFold::roles(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  const json& model = *state.model;
  std::map<std::string, RoleRow> rows;
  for (const auto& [role, definition] : state.custom_roles) rows[role].kind = "custom";
  for (const json& role : model.at("roles")) rows[text(role, "id")].kind = "system";
  for (auto& [role, row] : rows) {
    for (const auto& [permission_id, cell] : state.definition(role)) {
      const json* permission = entry(model, "permissions", permission_id);
      if (permission != nullptr && level_of(model, *permission, cell.level) > 0) row.grants[permission_id] = cell.level;
    }
  }
  return rows;
}

std::optional<std::int64_t> NaiveFold::history_from(std::int64_t known_position) const {
  for (const Fact* fact : inside_->facts_known(known_position)) {
    if (!is_about_the_record(text(fact->event, "type"))) return fact->occurred_us;
  }
  return std::nullopt;
}

bool NaiveFold::before_history(std::int64_t at_us, std::int64_t known_position) const {
  const std::optional<std::int64_t> from = history_from(known_position);
  return !from || at_us < *from;
}

std::int64_t instant_us(const std::string& rfc3339) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, read = 0;
  if (std::sscanf(rfc3339.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &read) !=
      6) {
    throw std::logic_error("no instant: " + rfc3339);
  }
  std::string rest = rfc3339.substr(static_cast<std::size_t>(read));
  std::int64_t fraction_us = 0;
  if (!rest.empty() && rest[0] == '.') {
    std::size_t digits = 1;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    fraction_us = std::stoll((rest.substr(1, digits - 1) + "000000").substr(0, 6));
    rest = rest.substr(digits);
  }
  std::int64_t offset_minutes = 0;
  if (rest != "Z") {
    int hours = 0, minutes = 0;
    char sign = 0;
    if (std::sscanf(rest.c_str(), "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-')) {
      throw std::logic_error("no offset: " + rfc3339);
    }
    offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) throw std::logic_error("in no calendar: " + rfc3339);
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
  return seconds * 1'000'000 + fraction_us;
}

}  // namespace tenure::oracle
