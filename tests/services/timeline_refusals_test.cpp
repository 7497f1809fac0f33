// What one can get wrong when one asks for a timeline: each is named as what it is.
#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::percent;
using test::TwoOrganizations;
using test::Wrong;

const std::string timeline = "/v1/orgs/acme/timeline";
// One that has more than one page.
const std::string group = "?group=core&limit=1";

Wrong query(const std::string& what, const std::string& rest, int status, const std::string& code,
            const std::string& field, const std::string& says) {
  return {what, "GET", timeline + rest, {}, {}, status, code, field, says};
}

json event(const std::string& type, const std::string& at, const json& data) {
  return {{"type", type}, {"actor", {{"kind", "system"}, {"id", "sync"}}}, {"occurred_at", at}, {"data", data}};
}

// A group whose timeline has two events.
void add_core(TwoOrganizations& org) {
  const json events{event("group.created", "2024-01-01T00:00:00Z", {{"group", "core"}}),
                    event("group.member_added", "2024-01-02T00:00:00Z", {{"group", "core"}, {"member", "bob"}})};
  REQUIRE(org.program.post("/v1/orgs/acme/events", events.dump()).status == 201);
}

}  // namespace

TEST_CASE("a timeline of what the organization never heard of, or of nothing or two things, is refused") {
  TwoOrganizations org;
  org.refuse_all({
      query("of nothing", "", 400, "missing_field", "member", "say of what"),
      query("of two things", "?member=bob&role=member", 400, "invalid_field", "role", "give one of"),
      query("an unknown member", "?member=zoe", 404, "unknown_member", "member", "never heard of \"zoe\""),
      query("an unknown role", "?role=king", 404, "unknown_role", "role", "never heard of \"king\""),
      query("an unknown group", "?group=web", 404, "unknown_group", "group", "never heard of \"web\""),
      query("an unknown kind of resource", "?resource=car:1", 404, "unknown_resource", "resource",
            "never heard of \"car:1\""),
      query("a resource without a kind", "?resource=none", 404, "unknown_resource", "resource",
            "never heard of \"none\""),
      query("an unknown permission", "?permission=fly", 400, "unknown_permission", "permission", "/v1/models"),
      query("a member without a name", "?member=", 404, "unknown_member", "member", "never heard of"),
      query("a parameter of another route", "?member=bob&level=admin", 400, "unknown_field", "level",
            "not a parameter"),
      {"of an unknown organization",
       "GET",
       "/v1/orgs/none/timeline?member=bob",
       {},
       {},
       404,
       "unknown_org",
       "org",
       "GET /v1/orgs"},
  });
}

TEST_CASE("a timeline of a range that ends before it begins, or of no time at all, is refused") {
  TwoOrganizations org;
  org.refuse_all({
      query("a range that ends first", "?member=bob&from=2024-02-29T00:00:00Z&to=2023-02-28T00:00:00Z", 400,
            "invalid_field", "to", "after"),
      query("a range of no length", "?member=bob&from=2024-02-29T00:00:00Z&to=2024-02-29T00:00:00Z", 400,
            "invalid_field", "to", "after"),
      query("a range without an end", "?member=bob&from=2024-02-29T00:00:00Z", 400, "missing_field", "to", "together"),
      query("a range without a beginning", "?member=bob&to=2024-02-29T00:00:00Z", 400, "missing_field", "from",
            "together"),
      query("an instant beside a range",
            "?member=bob&at=2024-01-01T00:00:00Z&from=2024-02-28T00:00:00Z&to=2024-02-29T00:00:00Z", 400,
            "invalid_field", "at", "give one of"),
      query("a date for an instant", "?member=bob&at=2024-02-30", 400, "invalid_field", "at", "RFC 3339"),
      query("a word for a position", "?member=bob&known_at=yesterday", 400, "invalid_field", "known_at", "position"),
      query("a page of nothing", "?member=bob&limit=0", 400, "invalid_field", "limit", "1 to"),
  });
}

TEST_CASE("a timeline of a range before the history says so, and is no empty list that looks like an answer") {
  TwoOrganizations org;
  add_core(org);
  for (const char* of : {"member=bob", "role=member", "group=core", "permission=repository"}) {
    const std::string target = timeline + "?" + of;
    const json before = org.program.get(target + "&from=1999-01-01T00:00:00Z&to=1999-02-01T00:00:00Z").json();
    INFO(target << ": " << before.dump());
    CHECK(before.at("before_history") == true);
    CHECK(before.at("items").empty());
    CHECK(before.at("total") == 0);
    CHECK(org.program.get(target + "&at=1999-01-01T00:00:00Z").json().at("before_history") == true);
    // One that begins before it has all there is, and says that there may have been more.
    const json over = org.program.get(target + "&from=1999-01-01T00:00:00Z&to=2999-01-01T00:00:00Z").json();
    CHECK(over.at("before_history") == true);
    CHECK(over.at("total") == org.program.get(target).json().at("total"));
    CHECK(org.program.get(target).json().at("before_history") == false);
  }
}

TEST_CASE("a timeline's cursor that was changed, is of another thing's or of another store is refused as such") {
  TwoOrganizations org;
  add_core(org);
  const std::string cursor = org.program.get(timeline + group).json().at("next").get<std::string>();
  const json second = org.program.get(timeline + group + "&cursor=" + percent(cursor)).json();
  CHECK(second.at("items").size() == 1);
  const auto refused = [&](const std::string& what, const std::string& question, const std::string& given,
                           const char* says) {
    org.refuse(query(what, question + "&cursor=" + percent(given), 400, "invalid_cursor", "cursor", says));
  };
  const std::size_t question = cursor.find('.') + 1, pinned = cursor.find('.', question) + 1;
  for (const std::size_t at : {std::size_t{0}, question, pinned, cursor.rfind('.') - 1, cursor.size() - 1}) {
    std::string changed = cursor;
    changed[at] = changed[at] == '1' ? '2' : '1';
    refused("a changed cursor", group, changed, "was changed");
  }
  refused("no cursor", group, "1-2-3", "no cursor");
  refused("another group's", "?group=web&limit=1", cursor, "another list");
  refused("one of the same name's role", "?role=core&limit=1", cursor, "another list");
  refused("one of another time", group + "&at=2024-06-01T00:00:00Z", cursor, "another list");
  refused("one of other knowledge", group + "&known_at=4", cursor, "another list");
  const std::string members = org.program.get("/v1/orgs/acme/members?limit=1").json().at("next").get<std::string>();
  refused("a list of members'", group, members, "another list");
  TwoOrganizations other;
  add_core(other);
  refused("another store's", group, other.program.get(timeline + group).json().at("next").get<std::string>(),
          "another store");
}
