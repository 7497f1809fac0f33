// What a line of a GitHub audit log becomes: each action, what is missing or odd, and the four real histories.
#include "services/import/github_audit.h"

#include <fstream>
#include <map>
#include <set>

#include "events/digest.h"
#include "events/limits.h"
#include "events/wire/event_wire.h"
#include "tests/catch.h"
#include "tests/shared_files.h"

namespace {

using namespace tenure;

// A line by acme's owner ana at 1,700,000,000 s, with `more` members behind the usual ones.
std::string line_of(const std::string& action, const std::string& more) {
  return R"({"_document_id":"d1","@timestamp":1700000000000,"created_at":5,"action":")" + action +
         R"(","actor":"ana","org":"acme")" + (more.empty() ? "" : ",") + more + "}";
}

// "type data" of each event, with its id where that is not the line's own.
std::vector<std::string> shown(const ImportedLine& line) {
  std::vector<std::string> texts;
  for (const Event& event : line.events) {
    std::string text = std::string(type_name(event.data)) + " " + wire::write_data(event.data);
    if (event.id->text != line.document_id) text += " " + event.id->text;
    texts.push_back(text);
  }
  return texts;
}

std::vector<std::string> events_of(const std::string& action, const std::string& more) {
  const auto line = read_github_audit_line(line_of(action, more));
  REQUIRE(line.has_value());
  return shown(*line);
}

Refusal refusal_of(const std::string& text) {
  const auto line = read_github_audit_line(text);
  REQUIRE(line.has_error());
  CHECK_FALSE(line.error().because.empty());
  return line.error();
}

bool only_recorded(const std::string& text) {
  const auto line = read_github_audit_line(text);
  REQUIRE(line.has_value());
  if (!line->recorded_only) return false;
  REQUIRE(line->events.size() == 1);
  const auto* kept = std::get_if<event::SourceRecorded>(&line->events[0].data);
  REQUIRE(kept != nullptr);
  CHECK(kept->raw.text == text);
  CHECK(kept->source == "github-audit");
  return true;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("every event of a line carries the line's id, time and actor") {
  const auto line = read_github_audit_line(line_of("org.add_member", R"("user":"bob","permission":"read")"));
  REQUIRE(line.has_value());
  CHECK(line->org == "acme");
  CHECK(line->document_id == "d1");
  REQUIRE(line->events.size() == 1);
  const Event& event = line->events[0];
  CHECK(event.id->text == "d1");
  CHECK(format_instant(*event.occurred_at) == "2023-11-14T22:13:20Z");
  CHECK(event.actor.kind == ActorKind::member);
  CHECK(event.actor.who.identity == "ana");
  CHECK(event.basis == Basis::happened);
}

TEST_CASE("people who join, change and leave an organization become member events") {
  CHECK(events_of("org.add_member", R"("user":"bob","permission":"admin")") ==
        Texts{R"(member.added {"member":"bob","role":"owner"})"});
  CHECK(events_of("org.add_member", R"("user":"bob","permission":"read")") ==
        Texts{R"(member.added {"member":"bob","role":"member"})"});
  CHECK(events_of("org.add_member", R"("user":"bob")") == Texts{R"(member.added {"member":"bob","role":"member"})"});
  CHECK(events_of("org.update_member", R"("user":"bob","old_permission":"admin","permission":"read")") ==
        Texts{R"(member.role_changed {"member":"bob","role":"member"})"});
  CHECK(events_of("org.remove_member", R"("user":"bob")") == Texts{R"(member.removed {"member":"bob"})"});
}

TEST_CASE("an outside collaborator who is removed loses everything, as a member does") {
  CHECK(events_of("org.remove_outside_collaborator", R"("user":"eve")") == Texts{R"(member.removed {"member":"eve"})"});
}

TEST_CASE("the base permission becomes a setting in today's words") {
  CHECK(events_of("org.update_default_repository_permission", R"("permission":"read")") ==
        Texts{R"(org.setting_changed {"setting":"base_permission","value":"read"})"});
  CHECK(events_of("org.update_default_repository_permission", R"("permission":"push")") ==
        Texts{R"(org.setting_changed {"setting":"base_permission","value":"write"})"});
}

TEST_CASE("teams become groups without the organization in front of their names") {
  CHECK(events_of("team.create", R"("team":"acme/web")") == Texts{R"(group.created {"group":"web"})"});
  CHECK(events_of("team.create", R"("team":"acme/web","parent_team":"acme/a/b")") ==
        Texts{R"(group.created {"group":"web","parent":"a/b"})"});
  CHECK(events_of("team.create", R"("team":"acme/acme/web")") == Texts{R"(group.created {"group":"acme/web"})"});
  CHECK(events_of("team.create", R"("team":"acmeweb")") == Texts{R"(group.created {"group":"acmeweb"})"});
  CHECK(events_of("team.destroy", R"("team":"acme/web")") == Texts{R"(group.deleted {"group":"web"})"});
  CHECK(events_of("team.change_parent_team", R"("team":"acme/web","parent_team":"acme/all")") ==
        Texts{R"(group.edited {"group":"web","parent":"all"})"});
  CHECK(events_of("team.change_parent_team", R"("team":"acme/web","parent_team":null)") ==
        Texts{R"(group.edited {"group":"web","parent":null})"});
  CHECK(events_of("team.add_member", R"("team":"acme/web","user":"bob")") ==
        Texts{R"(group.member_added {"group":"web","member":"bob"})"});
  CHECK(events_of("team.remove_member", R"("team":"acme/web","user":"bob")") ==
        Texts{R"(group.member_removed {"group":"web","member":"bob"})"});
}

TEST_CASE("a team's access to a repository becomes grants, the old one revoked before the new one is given") {
  const std::string where = R"("team":"acme/web","repo":"acme/site",)";
  CHECK(events_of("team.add_repository", where + R"("new_repo_permission":"pull")") ==
        Texts{R"(role.granted {"on":"repo:acme/site","principal":"group:web","role":"read"})"});
  CHECK(events_of("team.update_repository_permission",
                  where + R"("old_repo_permission":"push","new_repo_permission":"admin")") ==
        Texts{R"(role.revoked {"on":"repo:acme/site","principal":"group:web","role":"write"} d1:old)",
              R"(role.granted {"on":"repo:acme/site","principal":"group:web","role":"admin"})"});
  CHECK(events_of("team.remove_repository", where + R"("old_repo_permission":"admin")") ==
        Texts{R"(role.revoked {"on":"repo:acme/site","principal":"group:web","role":"admin"})"});
}

TEST_CASE("a change of access that does not say what was before revokes every other level") {
  const auto texts = events_of("team.update_repository_permission",
                               R"("team":"acme/web","repo":"acme/site","new_repo_permission":"triage")");
  const std::string revoked = R"(role.revoked {"on":"repo:acme/site","principal":"group:web","role":")";
  CHECK(texts == Texts{revoked + R"(read"} d1:old:read)", revoked + R"(write"} d1:old:write)",
                       revoked + R"(maintain"} d1:old:maintain)", revoked + R"(admin"} d1:old:admin)",
                       R"(role.granted {"on":"repo:acme/site","principal":"group:web","role":"triage"})"});
}

TEST_CASE("an end of access that does not say what was before revokes all five levels") {
  const auto line = read_github_audit_line(line_of("repo.remove_member", R"("user":"bob","repo":"acme/site")"));
  REQUIRE(line.has_value());
  std::set<std::string> roles, ids;
  for (const Event& event : line->events) {
    roles.insert(std::get<event::RoleRevoked>(event.data).role.text);
    ids.insert(event.id->text);
  }
  CHECK(roles == std::set<std::string>{"admin", "maintain", "read", "triage", "write"});
  CHECK(ids.size() == 5);
}

TEST_CASE("a person's own access to a repository becomes grants to the person, by either set of names") {
  const std::string where = R"("user":"bob","repo":"acme/site",)";
  const std::string grant = R"( {"on":"repo:acme/site","principal":"member:bob","role":")";
  CHECK(events_of("repo.add_member", where + R"("permission":"push")") == Texts{"role.granted" + grant + "write\"}"});
  CHECK(events_of("repo.add_member", where + R"("new_repo_permission":"triage")") ==
        Texts{"role.granted" + grant + "triage\"}"});
  CHECK(events_of("repo.update_member", where + R"("old_permission":"read","permission":"admin")") ==
        Texts{"role.revoked" + grant + "read\"} d1:old", "role.granted" + grant + "admin\"}"});
  CHECK(events_of("repo.update_member", where + R"("old_repo_permission":"read","new_repo_permission":"admin")") ==
        Texts{"role.revoked" + grant + "read\"} d1:old", "role.granted" + grant + "admin\"}"});
  CHECK(events_of("repo.remove_member", where + R"("old_permission":"read")") ==
        Texts{"role.revoked" + grant + "read\"}"});
  CHECK(events_of("repo.remove_member", where + R"("permission":"read")") == Texts{"role.revoked" + grant + "read\"}"});
}

TEST_CASE(
    "a role of the organization's own counts as the role it stands on, and keeps its name where that is not said") {
  const std::string where = R"("team":"acme/web","repo":"acme/site","new_repo_permission":"deployer")";
  const std::string grant = R"(role.granted {"on":"repo:acme/site","principal":"group:web","role":")";
  CHECK(events_of("team.add_repository", where + R"(,"new_repo_base_role":"write")") == Texts{grant + "write\"}"});
  CHECK(events_of("team.add_repository", where) == Texts{grant + "deployer\"}"});
  CHECK(events_of(
            "team.update_repository_permission",
            where + R"(,"new_repo_base_role":"write","old_repo_permission":"viewer","old_repo_base_role":"read")") ==
        Texts{R"(role.revoked {"on":"repo:acme/site","principal":"group:web","role":"read"} d1:old)",
              grant + "write\"}"});
}

TEST_CASE("access that was or becomes none is only revoked or only given") {
  const std::string where = R"("team":"acme/web","repo":"acme/site",)";
  CHECK(events_of("team.update_repository_permission",
                  where + R"("old_repo_permission":"none","new_repo_permission":"read")") ==
        Texts{R"(role.granted {"on":"repo:acme/site","principal":"group:web","role":"read"})"});
  CHECK(events_of("team.update_repository_permission",
                  where + R"("old_repo_permission":"read","new_repo_permission":"none")") ==
        Texts{R"(role.revoked {"on":"repo:acme/site","principal":"group:web","role":"read"} d1:old)"});
  CHECK(only_recorded(line_of("team.add_repository", where + R"("new_repo_permission":"none")")));
}

TEST_CASE("a repository without its owner in front belongs to the organization of the log") {
  CHECK(events_of("repo.add_member", R"("user":"bob","repo":"*","permission":"read")") ==
        Texts{R"(role.granted {"on":"repo:acme/*","principal":"member:bob","role":"read"})"});
}

TEST_CASE("a line that changes access and is only kept says that it is not followed") {
  const auto followed = [](const std::string& action, const std::string& more) {
    const auto line = read_github_audit_line(line_of(action, more));
    REQUIRE(line.has_value());
    CHECK(line->recorded_only);
    return !line->not_followed;
  };
  CHECK_FALSE(followed("repo.rename", R"("repo":"acme/site","old_name":"web")"));
  CHECK_FALSE(followed("team.rename", R"("team":"acme/web")"));
  CHECK_FALSE(followed("repo.destroy", R"("repo":"acme/site")"));
  CHECK_FALSE(followed("team.add_member", R"("team":"acme/web")"));
  CHECK_FALSE(followed("repo.add_member", R"("user":"bob","permission":"read")"));
  CHECK(followed("team.add_repository", R"("team":"acme/web","repo":"acme/site","new_repo_permission":"none")"));
  CHECK(followed("repo.create", R"("repo":"acme/site")"));
}

TEST_CASE("the line that creates an organization says so and has no event of its own") {
  const auto line = read_github_audit_line(line_of("org.create", ""));
  REQUIRE(line.has_value());
  CHECK(line->creates_org);
  CHECK_FALSE(line->recorded_only);
  CHECK(line->events.empty());
  CHECK(line->occurred_at.us == 1'700'000'000'000'000);
  CHECK(line->actor.who.identity == "ana");
}

TEST_CASE("lines that are not understood are kept whole") {
  CHECK(only_recorded(line_of("repo.create", R"("repo":["odd"],"user":7,"deep":{"a":[1,2]})")));
  CHECK(only_recorded(line_of("org.add_member", "")));
  CHECK(only_recorded(line_of("org.add_member", R"("user":null)")));
  CHECK(only_recorded(line_of("org.update_member", R"("user":"bob")")));
  CHECK(only_recorded(line_of("team.create", R"("team":"acme/")")));
  CHECK(only_recorded(line_of("team.add_member", R"("team":"acme/web")")));
  CHECK(only_recorded(line_of("team.add_repository", R"("team":"acme/web","new_repo_permission":"read")")));
  CHECK(only_recorded(line_of("repo.update_member", R"("user":"bob","repo":"acme/site","old_permission":"read")")));
  CHECK_FALSE(only_recorded(line_of("org.remove_member", R"("user":"bob","unknown":{"field":true})")));
}

TEST_CASE("who acted is a member, a bot or, where nobody is named, GitHub") {
  const auto actor = [](const std::string& text) {
    const auto line = read_github_audit_line(R"({"@timestamp":1,"action":"x.y",)" + text + "}");
    REQUIRE(line.has_value());
    return std::string(to_text(line->events[0].actor.kind)) + ":" + line->events[0].actor.who.identity;
  };
  CHECK(actor(R"("actor":"ana")") == "member:ana");
  CHECK(actor(R"("actor":"ana","actor_is_bot":false)") == "member:ana");
  CHECK(actor(R"("actor":"sync","actor_is_bot":true)") == "integration:sync");
  CHECK(actor(R"("actor":null)") == "system:github");
  CHECK(actor(R"("org":"acme")") == "system:github");
}

TEST_CASE("a line's time is taken from either field, in milliseconds or as text") {
  const auto time = [](const std::string& text) {
    const auto line = read_github_audit_line(R"({"action":"x.y",)" + text + "}");
    REQUIRE(line.has_value());
    return format_instant(line->occurred_at);
  };
  CHECK(time(R"("@timestamp":1500,"created_at":9)") == "1970-01-01T00:00:01.5Z");
  CHECK(time(R"("created_at":9)") == "1970-01-01T00:00:00.009Z");
  CHECK(time(R"("@timestamp":null,"created_at":9)") == "1970-01-01T00:00:00.009Z");
  CHECK(time(R"("created_at":"2024-02-29T10:00:00+02:00")") == "2024-02-29T08:00:00Z");
  CHECK(refusal_of(R"({"action":"x.y"})").field == "@timestamp");
  CHECK(refusal_of(R"({"action":"x.y","@timestamp":"yesterday"})").field == "@timestamp");
  CHECK(refusal_of(R"({"action":"x.y","created_at":1.5})").field == "created_at");
  CHECK(refusal_of(R"({"action":"x.y","@timestamp":253402300800000})").field == "@timestamp");
  CHECK(refusal_of(R"({"action":"x.y","@timestamp":9007199254740993})").field == "@timestamp");
}

TEST_CASE("a line without an id is known by its digest so that it is imported once") {
  const std::string text = R"({"@timestamp":1,"action":"org.remove_member","user":"bob","org":"acme"})";
  const auto line = read_github_audit_line(text);
  REQUIRE(line.has_value());
  CHECK(line->document_id == "line:" + to_hex(sha256(text)));
  CHECK(line->events[0].id->text == line->document_id);
  const auto with_return = read_github_audit_line(text + "\r\n");
  REQUIRE(with_return.has_value());
  CHECK(with_return->document_id == line->document_id);
}

TEST_CASE("a name that no record can hold refuses its line and is named") {
  const std::string long_name(limits::identifier_bytes_max + 1, 'x');
  const Refusal user = refusal_of(line_of("org.remove_member", R"("user":")" + long_name + "\""));
  CHECK(user.code == RefusalCode::too_large);
  CHECK(user.field == "user");
  CHECK(refusal_of(line_of("team.create", R"("team":"acme/)" + long_name + "\"")).field == "team");
  CHECK(refusal_of(line_of("org.remove_member", R"("user":"b\u0000b")")).field == "user");
  CHECK(refusal_of(line_of("org.remove_member", R"("user":["bob"])")).field == "user");
  CHECK(refusal_of(R"({"@timestamp":1,"action":"x.y","_document_id":")" + long_name + "\"}").field == "_document_id");
  CHECK(refusal_of(R"({"@timestamp":1,"action":"x.y","actor":")" + long_name + "\"}").field == "actor");
  CHECK(refusal_of(R"({"@timestamp":1,"action":7})").field == "action");
  CHECK(refusal_of(R"({"@timestamp":1,"user":"bob"})").field == "action");
}

TEST_CASE("the longest names that are taken give events that read back") {
  const std::string team(limits::identifier_bytes_max - 6, 't'), repo(limits::identifier_bytes_max - 10, 'r');
  const auto line = read_github_audit_line(
      line_of("team.update_repository_permission",
              R"("team":"acme/)" + team + R"(","repo":"acme/)" + repo + R"(","new_repo_permission":"maintain")"));
  REQUIRE(line.has_value());
  for (const Event& event : line->events) {
    const auto again = wire::read_event("{" + wire::write_event(event) + "}");
    REQUIRE(again.has_value());
    CHECK(wire::write_event(*again) == wire::write_event(event));
  }
}

TEST_CASE("what is not one JSON object is refused with the place") {
  const Refusal broken = refusal_of(R"({"action":"x.y",)");
  CHECK(broken.code == RefusalCode::malformed_json);
  CHECK(broken.offset == 16);
  CHECK(refusal_of("[]").code == RefusalCode::malformed_json);
  CHECK(refusal_of("").code == RefusalCode::malformed_json);
  CHECK(refusal_of("{\"action\":\"\xff\"}").code == RefusalCode::malformed_json);
  CHECK(refusal_of(R"({"action":"a","action":"b","@timestamp":1})").field == "action");
  CHECK(refusal_of(R"({"@timestamp":1,"@timestamp":2,"action":"a"})").field == "@timestamp");
  CHECK(refusal_of(line_of("x.y", R"("deep":)" + std::string(100, '[') + std::string(100, ']'))).code ==
        RefusalCode::malformed_json);
  CHECK(refusal_of(std::string(limits::raw_line_bytes_max + 1, ' ')).code == RefusalCode::too_large);
}

TEST_CASE("the real histories are understood line by line") {
  REQUIRE_SHARED();
  struct Expected {
    std::string org;
    std::size_t lines;
    std::map<std::string, std::size_t> types;
  };
  const std::vector<Expected> all{
      {"kubernetes-client",
       246,
       {{"group.created", 15},
        {"group.deleted", 1},
        {"group.member_added", 50},
        {"group.member_removed", 14},
        {"member.added", 95},
        {"member.removed", 44},
        {"member.role_changed", 10},
        {"org.setting_changed", 1},
        {"role.granted", 15}}},
      {"kubernetes-sigs",
       7013,
       {{"group.created", 523},
        {"group.deleted", 118},
        {"group.member_added", 2763},
        {"group.member_removed", 848},
        {"member.added", 1724},
        {"member.removed", 580},
        {"member.role_changed", 13},
        {"org.setting_changed", 1},
        {"role.granted", 437},
        {"role.revoked", 7}}},
  };
  for (const Expected& expected : all) {
    std::ifstream file(testing::shared_files() / "data/github-audit" / (expected.org + ".ndjson"));
    std::map<std::string, std::size_t> types;
    std::set<std::string> ids;
    std::size_t lines = 0, created = 0, recorded = 0;
    for (std::string text; std::getline(file, text); ++lines) {
      const auto line = read_github_audit_line(text);
      REQUIRE(line.has_value());
      CHECK(line->org == expected.org);
      created += line->creates_org ? 1 : 0;
      recorded += line->recorded_only ? 1 : 0;
      for (const Event& event : line->events) {
        ++types[std::string(type_name(event.data))];
        ids.insert(event.id->text);
      }
    }
    std::size_t events = 0;
    for (const auto& [type, count] : types) events += count;
    CHECK(lines == expected.lines);
    CHECK(types == expected.types);
    CHECK(created == 1);
    CHECK(recorded == 0);
    CHECK(ids.size() == events);
  }
}
