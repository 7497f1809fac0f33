#include "services/import/github_audit.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "events/digest.h"
#include "events/limits.h"
#include "events/wire/json_read.h"

namespace tenure {
namespace {

using simdjson::dom::element;

// What a line may say that matters here. Views into the parser's buffer; empty where the line is silent or says null.
struct Line {
  std::string_view document_id, action, org, actor, user, team, parent_team, repo;
  std::string_view permission, old_permission, new_repo_permission, old_repo_permission;
  std::string_view new_base_role, old_base_role;  // what an organization's own repository role stands on
  bool actor_is_bot = false;
  std::optional<Instant> timestamp, created_at;
  std::string_view wrong_kind;  // the first of the names above that is neither text nor null
};

struct TextField {
  std::string_view name;
  std::string_view Line::*member;
};
constexpr std::array text_fields{TextField{"_document_id", &Line::document_id},
                                 TextField{"action", &Line::action},
                                 TextField{"org", &Line::org},
                                 TextField{"actor", &Line::actor},
                                 TextField{"user", &Line::user},
                                 TextField{"team", &Line::team},
                                 TextField{"parent_team", &Line::parent_team},
                                 TextField{"repo", &Line::repo},
                                 TextField{"permission", &Line::permission},
                                 TextField{"old_permission", &Line::old_permission},
                                 TextField{"new_repo_permission", &Line::new_repo_permission},
                                 TextField{"old_repo_permission", &Line::old_repo_permission},
                                 TextField{"new_repo_base_role", &Line::new_base_role},
                                 TextField{"old_repo_base_role", &Line::old_base_role}};

// Milliseconds since 1970 of the first and last instant that RFC 3339 can write.
constexpr std::int64_t ms_min = -62'167'219'200'000;
constexpr std::int64_t ms_max = 253'402'300'799'999;
// Longer ids would not leave room for what tells two events of one line apart (":old:maintain").
constexpr std::size_t document_id_bytes_max = limits::identifier_bytes_max - 20;

constexpr std::array<std::string_view, 5> levels{"read", "triage", "write", "maintain", "admin"};

Refusal wrong(std::string_view field, std::string_view what) {
  return refuse(RefusalCode::invalid_field, "\"" + std::string(field) + "\" must be " + std::string(what) + ".",
                std::string(field));
}

Decided<std::optional<Instant>> read_time(const element& value, std::string_view field) {
  std::int64_t ms = 0;
  std::string_view text;
  if (value.is_null()) return std::optional<Instant>();
  if (value.get(ms) == simdjson::SUCCESS && ms >= ms_min && ms <= ms_max) {
    return std::optional<Instant>(Instant{ms * 1000});
  }
  if (value.get(text) != simdjson::SUCCESS) {
    return wrong(field, "whole milliseconds since 1970 in the years 0000 to 9999, or RFC 3339 text");
  }
  auto at = parse_instant(text, field);
  if (!at) return at.error();
  return std::optional<Instant>(*at);
}

Decided<void> read_field(Line& line, std::string_view key, const element& value, std::uint32_t& seen) {
  std::uint32_t bit = 1;
  const auto first_time = [&] {
    const bool first = (seen & bit) == 0;
    seen |= bit;
    return first;
  };
  const auto twice = [&] {
    return refuse(RefusalCode::malformed_json, "\"" + std::string(key) + "\" stands twice in the line.",
                  std::string(key));
  };
  for (const TextField& field : text_fields) {
    bit <<= 1;
    if (field.name != key) continue;
    if (!first_time()) return twice();
    const bool fits = value.is_null() || value.get(line.*field.member) == simdjson::SUCCESS;
    if (!fits && line.wrong_kind.empty()) line.wrong_kind = field.name;
    return {};
  }
  for (const auto& [name, member] :
       {std::pair("@timestamp", &Line::timestamp), std::pair("created_at", &Line::created_at)}) {
    bit <<= 1;
    if (key != name) continue;
    if (!first_time()) return twice();
    auto at = read_time(value, key);
    if (!at) return at.error();
    line.*member = *at;
    return {};
  }
  bit <<= 1;
  if (key != "actor_is_bot") return {};
  if (!first_time()) return twice();
  if (!value.is_null() && value.get(line.actor_is_bot) != simdjson::SUCCESS) return wrong(key, "true or false");
  return {};
}

// A name that a record can hold; `prefix` bytes will stand before it there ("group:").
Decided<void> check_name(std::string_view field, std::string_view text, std::size_t most) {
  if (text.size() > most) {
    return refuse(RefusalCode::too_large,
                  "\"" + std::string(field) + "\" is " + std::to_string(text.size()) + " bytes long; at most " +
                      std::to_string(most) + " are allowed.",
                  std::string(field));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) return wrong(field, "a name without control characters");
  return {};
}

// Whether the access model knows what a level gives.
bool means_something(std::string_view level) {
  return level == "none" || std::find(levels.begin(), levels.end(), level) != levels.end();
}

// GitHub's older words, and an organization's own repository role by the role that it stands on: a role of their own
// making gives at least that, and unlike its name it means something to the model. Without it the name is kept as it
// is.
std::string_view level_of(std::string_view permission, std::string_view base_role) {
  const auto today = [](std::string_view word) { return word == "pull" ? "read" : word == "push" ? "write" : word; };
  const std::string_view level = today(permission), base = today(base_role);
  return means_something(level) || !means_something(base) ? level : base;
}

// "acme/web" is team "web" of acme; what stands behind may have slashes of its own.
std::string_view without_org(std::string_view team, std::string_view org) {
  if (org.empty() || !team.starts_with(org) || !team.substr(org.size()).starts_with('/')) return team;
  return team.substr(org.size() + 1);
}

// Turns a line into events. Each `read_` function answers false when the line lacks what its action needs.
class Reading {
 public:
  Reading(const Line& line, ImportedLine& out) : line_(line), out_(out) {}

  bool create_org() { return out_.creates_org = true; }

  bool add_member() { return named(line_.user) && add(event::MemberAdded{person(), member_role()}); }
  bool update_member() {
    return named(line_.user) && named(line_.permission) && add(event::MemberRoleChanged{person(), member_role()});
  }
  bool remove_member() { return named(line_.user) && add(event::MemberRemoved{person()}); }
  bool change_base_permission() {
    if (!named(line_.permission)) return false;
    const std::string_view level = level_of(line_.permission, {});
    // The platform gives everyone one of these; what another word would give the model does not say.
    out_.not_followed = level != "none" && level != "read" && level != "write" && level != "admin";
    return add(event::OrgSettingChanged{SettingId("base_permission"), std::string(level)});
  }

  bool create_team() {
    event::GroupCreated data{group(line_.team), {}, {}, {}};
    if (named(group(line_.parent_team).text)) data.parent = group(line_.parent_team);
    return named(data.group.text) && add(std::move(data));
  }
  bool destroy_team() { return named(group(line_.team).text) && add(event::GroupDeleted{group(line_.team)}); }
  bool change_parent_team() {
    event::GroupEdited data{group(line_.team), {}, {}, {}};
    data.parent.cleared = !named(group(line_.parent_team).text);
    if (!data.parent.cleared) data.parent.value = group(line_.parent_team);
    return named(data.group.text) && add(std::move(data));
  }
  bool add_team_member() { return in_team() && add(event::GroupMemberAdded{group(line_.team), person()}); }
  bool remove_team_member() { return in_team() && add(event::GroupMemberRemoved{group(line_.team), person()}); }

  bool grant_team() { return on_repo(group(line_.team).text) && grant(team()); }
  bool change_team() { return on_repo(group(line_.team).text) && change(team()); }
  bool revoke_team() { return on_repo(group(line_.team).text) && revoke_last(team()); }
  bool grant_person() { return on_repo(line_.user) && grant(collaborator()); }
  bool change_person() { return on_repo(line_.user) && change(collaborator()); }
  bool revoke_person() { return on_repo(line_.user) && revoke_last(collaborator()); }

  // A line that says "none" where nothing was, or nothing will be, changes nothing.
  bool says_none() const { return new_level() == "none" || old_level() == "none"; }

  Event& add_event(EventPayload data, const std::string& suffix = {}) {
    Event& event = out_.events.emplace_back();
    event.id = EventId(out_.document_id + suffix);
    event.occurred_at = out_.occurred_at;
    event.actor = out_.actor;
    event.data = std::move(data);
    return event;
  }

 private:
  static bool named(std::string_view text) { return !text.empty(); }
  bool add(EventPayload data, const std::string& suffix = {}) { return add_event(std::move(data), suffix), true; }

  Person person() const { return Person{std::string(line_.user), {}}; }
  RoleId member_role() const { return RoleId(line_.permission == "admin" ? "owner" : "member"); }
  GroupId group(std::string_view team) const { return GroupId(without_org(team, line_.org)); }
  bool in_team() const { return named(group(line_.team).text) && named(line_.user); }
  bool on_repo(std::string_view who) const { return named(who) && named(line_.repo); }

  Principal team() const { return Principal{Principal::Kind::group, {}, group(line_.team)}; }
  Principal collaborator() const { return Principal{Principal::Kind::member, person(), {}}; }
  Scope repo() const { return Scope{Scope::Kind::resource, "repo", std::string(line_.repo)}; }

  std::string_view new_level() const {
    return level_of(line_.new_repo_permission.empty() ? line_.permission : line_.new_repo_permission,
                    line_.new_base_role);
  }
  std::string_view old_level() const {
    return level_of(line_.old_repo_permission.empty() ? line_.old_permission : line_.old_repo_permission,
                    line_.old_base_role);
  }

  bool grant(const Principal& to, std::string_view level) {
    // What such a role gives the log does not say.
    out_.not_followed = out_.not_followed || !means_something(level);
    return level == "none" || add(event::RoleGranted{repo(), to, RoleId(level)});
  }
  bool revoke(const Principal& from, std::string_view level, const std::string& suffix) {
    return level == "none" || add(event::RoleRevoked{repo(), from, RoleId(level)}, suffix);
  }
  bool grant(const Principal& to) { return named(new_level()) && grant(to, new_level()) && !out_.events.empty(); }

  // What was there before goes first, so that nothing stale is left when the line does not say what that was.
  bool change(const Principal& whose) {
    const std::string_view before = old_level(), now = new_level();
    if (!named(now)) return false;
    if (named(before)) {
      revoke(whose, before, ":old");
    } else {
      for (const std::string_view level : levels) {
        if (level != now) revoke(whose, level, ":old:" + std::string(level));
      }
    }
    return grant(whose, now) && !out_.events.empty();
  }
  bool revoke_last(const Principal& from) {
    // Some of these lines give the level that ends as `permission`.
    const std::string_view before = named(old_level()) ? old_level() : new_level();
    if (named(before)) return revoke(from, before, {}) && !out_.events.empty();
    for (const std::string_view level : levels) revoke(from, level, ":old:" + std::string(level));
    return true;
  }

  const Line& line_;
  ImportedLine& out_;
};

struct Action {
  std::string_view name;
  bool (Reading::*read)();
};
constexpr std::array actions{Action{"org.create", &Reading::create_org},
                             Action{"org.remove_outside_collaborator", &Reading::remove_member},
                             Action{"org.add_member", &Reading::add_member},
                             Action{"org.update_member", &Reading::update_member},
                             Action{"org.remove_member", &Reading::remove_member},
                             Action{"org.update_default_repository_permission", &Reading::change_base_permission},
                             Action{"team.create", &Reading::create_team},
                             Action{"team.destroy", &Reading::destroy_team},
                             Action{"team.change_parent_team", &Reading::change_parent_team},
                             Action{"team.add_member", &Reading::add_team_member},
                             Action{"team.remove_member", &Reading::remove_team_member},
                             Action{"team.add_repository", &Reading::grant_team},
                             Action{"team.update_repository_permission", &Reading::change_team},
                             Action{"team.remove_repository", &Reading::revoke_team},
                             Action{"repo.add_member", &Reading::grant_person},
                             Action{"repo.update_member", &Reading::change_person},
                             Action{"repo.remove_member", &Reading::revoke_person}};

// What these do to access Tenure does not follow: the same repository or team under another name, elsewhere, or gone.
constexpr std::array<std::string_view, 6> not_followed{"org.rename",    "repo.destroy",           "repo.rename",
                                                       "repo.transfer", "repo.transfer_outgoing", "team.rename"};

// The names that an action about teams, people and repositories may bring into a record.
Decided<void> check_names(const Line& line) {
  if (!line.wrong_kind.empty()) return wrong(line.wrong_kind, "a text");
  constexpr std::size_t most = limits::identifier_bytes_max;
  // "group:" and "repo:" stand before these in a grant, within the same limit.
  constexpr std::size_t team_most = most - 6, repo_most = most - 5;
  for (const auto& [field, text, limit] :
       {std::tuple("user", line.user, most), std::tuple("team", without_org(line.team, line.org), team_most),
        std::tuple("parent_team", without_org(line.parent_team, line.org), team_most),
        std::tuple("repo", line.repo, repo_most), std::tuple("permission", line.permission, most),
        std::tuple("old_permission", line.old_permission, most),
        std::tuple("new_repo_permission", line.new_repo_permission, most),
        std::tuple("old_repo_permission", line.old_repo_permission, most)}) {
    if (auto good = check_name(field, text, limit); !good) return good;
  }
  return {};
}

// What every line has, whatever its action.
Decided<void> check_envelope(const Line& line) {
  constexpr std::size_t most = limits::identifier_bytes_max;
  if (line.action.empty() && line.wrong_kind != "action") {
    return refuse(RefusalCode::missing_field, "an audit log line needs \"action\", for example \"team.add_member\".",
                  "action");
  }
  if (!line.timestamp && !line.created_at) {
    return refuse(RefusalCode::missing_field, "an audit log line needs its time as \"@timestamp\" or \"created_at\".",
                  "@timestamp");
  }
  for (const std::string_view field : {"_document_id", "action", "org", "actor"}) {
    if (line.wrong_kind == field) return wrong(field, "a text");
  }
  for (const auto& [field, text, limit] :
       {std::tuple("_document_id", line.document_id, document_id_bytes_max), std::tuple("action", line.action, most),
        std::tuple("org", line.org, most), std::tuple("actor", line.actor, most)}) {
    if (auto good = check_name(field, text, limit); !good) return good;
  }
  return {};
}

Actor actor_of(const Line& line) {
  if (line.actor.empty()) return Actor{ActorKind::system, Person{"github", {}}};
  return Actor{line.actor_is_bot ? ActorKind::integration : ActorKind::member, Person{std::string(line.actor), {}}};
}

Decided<ImportedLine> understand(Line& line, std::string_view raw) {
  if (auto good = check_envelope(line); !good) return good.error();
  // A repository without its owner in front belongs to the organization whose log this is.
  std::string full_repo;
  if (!line.repo.empty() && line.repo.find('/') == std::string_view::npos) {
    full_repo = std::string(line.org) + "/" + std::string(line.repo);
    line.repo = full_repo;
  }
  ImportedLine out;
  out.org = line.org;
  out.document_id = line.document_id.empty() ? "line:" + to_hex(sha256(raw)) : std::string(line.document_id);
  out.occurred_at = line.timestamp ? *line.timestamp : *line.created_at;
  out.actor = actor_of(line);
  Reading reading(line, out);
  const auto action =
      std::find_if(actions.begin(), actions.end(), [&](const Action& a) { return a.name == line.action; });
  if (action != actions.end()) {
    if (auto good = check_names(line); !good) return good.error();
    if ((reading.*action->read)()) return out;
  }
  out.events.clear();
  out.recorded_only = true;
  out.not_followed = std::find(not_followed.begin(), not_followed.end(), line.action) != not_followed.end() ||
                     (action != actions.end() && !reading.says_none());
  reading.add_event(
      event::SourceRecorded{std::string(github_audit_source), std::string(line.action), PrivateText{std::string(raw)}});
  return out;
}

simdjson::dom::parser& parser_of_this_thread() {
  thread_local simdjson::dom::parser parser;
  thread_local const bool limited = parser.allocate(64 * 1024, limits::json_depth_max) == simdjson::SUCCESS;
  (void)limited;
  return parser;
}

// Why simdjson did not take it: the slower reader finds the byte.
Refusal why_malformed(std::string_view raw) {
  if (const auto fault = find_json_fault(raw)) {
    Refusal refusal = refuse(RefusalCode::malformed_json, fault->because);
    refusal.offset = fault->offset;
    return refusal;
  }
  return refuse(RefusalCode::malformed_json, "the line is not JSON that can be read (a number beyond 64 bits?).");
}

}  // namespace

bool knows_github_roles(const AccessModel& model) {
  const auto has = [&](std::string_view role) {
    return std::any_of(model.roles().begin(), model.roles().end(),
                       [&](const auto& one) { return one.id.text == role; });
  };
  const auto& kinds = model.resource_kinds();
  return std::any_of(kinds.begin(), kinds.end(), [](const ResourceKind& kind) { return kind.id == "repo"; }) &&
         has("owner") && has("member") && std::all_of(levels.begin(), levels.end(), has);
}

Decided<ImportedLine> read_github_audit_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  // Some programs put a byte order mark in front of a file; it says nothing (RFC 8259, 8.1).
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (line.starts_with(mark)) line.remove_prefix(mark.size());
  if (line.size() > limits::raw_line_bytes_max) {
    return refuse(RefusalCode::too_large, "the line is " + std::to_string(line.size()) + " bytes long; at most " +
                                              std::to_string(limits::raw_line_bytes_max) + " are allowed.");
  }
  element root;
  if (parser_of_this_thread().parse(line.data(), line.size(), true).get(root) != simdjson::SUCCESS) {
    return why_malformed(line);
  }
  simdjson::dom::object members;
  if (root.get(members) != simdjson::SUCCESS) {
    return refuse(RefusalCode::malformed_json,
                  "an audit log line must be one JSON object; write each object of an array on a line of its own.");
  }
  Line found;
  std::uint32_t seen = 0;
  for (const auto [key, value] : members) {
    if (auto good = read_field(found, key, value, seen); !good) return good.error();
  }
  return understand(found, line);
}

}  // namespace tenure
