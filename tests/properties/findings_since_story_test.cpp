// Which event a finding stands since, and that it keeps its id while it stands and no longer: each a story told to
// Tenure and to the naive fold, which compare the event too.
#include "tests/catch.h"
#include "tests/oracle/naive_fold.h"
#include "tests/properties/found_findings.h"
#include "tests/properties/tenure_in_memory.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;
using tenure::test::TenureInMemory;

namespace {

// Whoever has the role "helper" may give any role, also to themselves; a former owner becomes a helper.
json managed_by_helpers() {
  return json::parse(R"({
    "id": "helped", "title": "Managed by helpers", "owner_role": "boss", "former_owner_role": "helper",
    "custom_roles": true,
    "scales": {"access": ["none", "all"]},
    "permissions": [{"id": "money", "name": "Money", "module": "M", "scale": "access"}],
    "roles": [{"id": "guest", "name": "Guest", "rank": 0, "grants": {}},
              {"id": "helper", "name": "Helper", "rank": 1, "grants": {}},
              {"id": "boss", "name": "Boss", "rank": 2, "cardinality": "at_least_one", "grants": {"money": "all"}}],
    "rules": [{"id": "helpers", "because": "Helpers manage the team.", "actions": ["member.role_changed"],
               "actor": {"roles": ["helper"]}}]})");
}

class Story : public ShortStory {
 public:
  explicit Story(const std::vector<json>& models = {managed_by_helpers()})
      : ShortStory(models), raising_(tenure::test::raising_roles(json(models))) {}

  json found(std::int64_t at_us) {
    return ask("findings", {{"at_us", at_us}, {"pending_days", 0}, {"within_minutes", 0}, {"raising", raising_}})
        .at("rows");
  }
  void has_role(std::int64_t at_us, const char* who, const char* role) {
    happens(at_us, "member.role_changed", {{"member", who}, {"role", role}});
  }

 private:
  json raising_;
};

json custom(const char* id) { return {{"role", id}, {"name", id}, {"grants", {{"money", "all"}}}}; }

json event(const char* type, const json& data) {
  return {{"type", type}, {"actor", {{"kind", "system"}, {"id", "sync"}}}, {"data", data}};
}

const std::string ann_raises = "can_raise_self|ann|helper";

}  // namespace

TEST_CASE("whoever can raise themselves by their role can since they have it, in whatever words it is given again") {
  Story s;
  s.happens(1, "role.created", custom("x"));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "x"}});
  CHECK_FALSE(s.found(3).contains(ann_raises));
  const auto moved = s.happens(10, "role.deleted", {{"role", "x"}, {"reassign_to", "helper"}});
  const json first = s.found(11).at(ann_raises);
  CHECK(first.at("opened_by") == moved);
  SECTION("by name") { s.has_role(20, "ann", "helper"); }
  SECTION("by another deletion") {
    s.happens(19, "role.created", custom("y"));
    s.has_role(20, "ann", "y");
    s.happens(20, "role.deleted", {{"role", "y"}, {"reassign_to", "helper"}});
  }
  SECTION("as a former owner's") { s.happens(20, "ownership.transferred", {{"from", "ann"}, {"to", "bob"}}); }
  SECTION("by an invitation") {
    s.happens(19, "member.invited", {{"member", "ann"}, {"role", "helper"}});
    s.happens(20, "invitation.accepted", {{"member", "ann"}});
  }
  SECTION("by being added once more, and disabled for a while") {
    s.happens(20, "member.added", {{"member", "ann"}, {"role", "helper"}});
    s.happens(20, "member.disabled", {{"member", "ann"}});
    s.happens(21, "member.enabled", {{"member", "ann"}});
  }
  CHECK(s.found(22).at(ann_raises).at("id") == first.at("id"));
  // What is lost and comes back is another finding.
  s.has_role(30, "ann", "guest");
  CHECK_FALSE(s.found(31).contains(ann_raises));
  s.has_role(40, "ann", "helper");
  const json second = s.found(41).at(ann_raises);
  CHECK(second.at("since_us") == 40);
  CHECK(second.at("id") != first.at("id"));
}

TEST_CASE("whoever was given a role before they came can raise themselves by it since they came") {
  Story s;
  s.has_role(5, "ann", "helper");
  CHECK_FALSE(s.found(6).contains(ann_raises));
  s.happens(10, "member.added", {{"member", "ann"}});
  CHECK(s.found(11).at(ann_raises).at("since_us") == 10);
  s.happens(20, "member.removed", {{"member", "ann"}});
  s.has_role(21, "ann", "helper");
  s.happens(30, "member.added", {{"member", "ann"}});
  CHECK(s.found(31).at(ann_raises).at("since_us") == 30);
}

TEST_CASE("a role that was ended and given again by its former holders' next role is another finding") {
  Story s;
  s.happens(1, "role.created", custom("x"));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "helper"}});
  s.has_role(10, "ann", "x");
  s.happens(20, "role.deleted", {{"role", "x"}, {"reassign_to", "helper"}});
  CHECK(s.found(9).at(ann_raises).at("since_us") == 2);
  CHECK_FALSE(s.found(15).contains(ann_raises));
  CHECK(s.found(21).at(ann_raises).at("since_us") == 20);
}

TEST_CASE("another model begins another finding of whoever can raise themselves by their role, the same one none") {
  json other = managed_by_helpers();
  other["id"] = "other";
  Story s({managed_by_helpers(), other});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "helper"}});
  const json first = s.found(3).at(ann_raises);
  s.happens(10, "org.model_changed", {{"model", "helped"}});
  CHECK(s.found(11).at(ann_raises).at("id") == first.at("id"));
  s.happens(20, "org.model_changed", {{"model", "other"}});
  const json second = s.found(21).at(ann_raises);
  CHECK(second.at("since_us") == 20);
  // What an instant takes and gives back was there throughout.
  s.happens(30, "org.model_changed", {{"model", "helped"}});
  s.happens(30, "member.removed", {{"member", "ann"}});
  s.happens(30, "org.model_changed", {{"model", "other"}});
  s.happens(30, "member.added", {{"member", "ann"}, {"role", "helper"}});
  CHECK(s.found(31).at(ann_raises).at("id") == second.at("id"));
}

TEST_CASE("too few or too many holders stand since the event that made them so, whatever else that instant brought") {
  json model = managed_by_helpers();
  model["roles"][2]["cardinality"] = "exactly_one";
  Story s({model});
  s.happens(1, "role.created", custom("x"));
  s.happens(1, "role.created", custom("y"));
  s.happens(2, "member.added", {{"member", "olga"}, {"role", "boss"}});
  SECTION("nobody has it, and a role that has nothing to do with it is deleted") {
    const auto left = s.happens(10, "member.removed", {{"member", "olga"}});
    s.happens(10, "role.deleted", {{"role", "x"}, {"reassign_to", "y"}});
    s.happens(10, "member.added", {{"member", "bob"}, {"role", "y"}});
    CHECK(s.found(11).at("holders_under|boss").at("opened_by") == left);
  }
  SECTION("a second one has it, and then a third") {
    const auto second = s.happens(10, "member.added", {{"member", "bob"}, {"role", "boss"}});
    s.happens(10, "member.added", {{"member", "cal"}, {"role", "boss"}});
    s.happens(10, "role.deleted", {{"role", "x"}, {"reassign_to", "y"}});
    CHECK(s.found(11).at("holders_over|boss").at("opened_by") == second);
  }
  SECTION("it went to and fro") {
    s.happens(10, "member.removed", {{"member", "olga"}});
    s.happens(10, "member.added", {{"member", "bob"}, {"role", "boss"}});
    const auto left = s.happens(10, "member.removed", {{"member", "bob"}});
    CHECK(s.found(11).at("holders_under|boss").at("opened_by") == left);
  }
}

TEST_CASE("an invitation that waits again since its person was removed is another finding, pending since then") {
  Story s;
  const std::string what = "invitation_pending|ann";
  const auto invited = s.happens(10, "member.invited", {{"member", "ann"}});
  const json first = s.found(15).at(what);
  CHECK(first.at("opened_by") == invited);
  s.happens(15, "finding.closed", {{"finding", first.at("id")}});
  CHECK(s.found(16).at(what).at("status") == "closed");
  // Let in without it, which takes no invitation away.
  s.happens(20, "member.added", {{"member", "ann"}});
  CHECK_FALSE(s.found(25).contains(what));
  const auto left = s.happens(30, "member.removed", {{"member", "ann"}});
  s.happens(35, "member.removed", {{"member", "ann"}});
  const json second = s.found(36).at(what);
  CHECK(second.at("opened_by") == left);
  CHECK(second.at("status") == "open");
  CHECK(second.at("id") != first.at("id"));
}

TEST_CASE("an invitation of somebody who was there already waits since they were removed") {
  Story s;
  const std::string what = "invitation_pending|ann";
  s.happens(5, "member.added", {{"member", "ann"}});
  s.happens(10, "member.invited", {{"member", "ann"}});
  CHECK_FALSE(s.found(15).contains(what));
  s.happens(20, "member.removed", {{"member", "ann"}});
  CHECK(s.found(25).at(what).at("since_us") == 20);
}

TEST_CASE("a removal of somebody who was not there begins no other waiting, a resent invitation neither") {
  Story s;
  const std::string what = "invitation_pending|ann";
  s.happens(10, "member.invited", {{"member", "ann"}});
  const json id = s.found(15).at(what).at("id");
  s.happens(20, "member.removed", {{"member", "ann"}});
  s.happens(21, "member.invited", {{"member", "ann"}});
  CHECK(s.found(25).at(what).at("id") == id);
  // Taken back and sent again, it is another one.
  s.happens(30, "invitation.cancelled", {{"member", "ann"}});
  s.happens(31, "member.invited", {{"member", "ann"}});
  const json again = s.found(35).at(what);
  CHECK(again.at("since_us") == 31);
  CHECK(again.at("id") != id);
}

TEST_CASE("whoever is removed and there again within an instant has been there since before") {
  Story s;
  s.happens(1, "member.added", {{"member", "bob"}});
  const json by_bob = {{"actor", {{"kind", "member"}, {"id", "bob"}}}};
  s.happens(5, "member.invited", {{"member", "ann"}}, by_bob);
  s.happens(6, "invitation.accepted", {{"member", "ann"}});
  s.happens(7, "member.invited", {{"member", "ann"}}, by_bob);
  const auto removed = s.happens(20, "member.removed", {{"member", "bob"}});
  const json before = s.found(21).at("inviter_removed|ann|bob");
  CHECK(before.at("opened_by") == removed);
  s.happens(30, "member.removed", {{"member", "ann"}});
  s.happens(30, "invitation.accepted", {{"member", "ann"}});
  CHECK(s.found(31).at("inviter_removed|ann|bob").at("id") == before.at("id"));
}

TEST_CASE("of a thousand who can raise themselves since one instant of many events of roles each has the right event") {
  json model = managed_by_helpers();
  model["permissions"].push_back({{"id", "team"}, {"name", "Team"}, {"module", "M"}, {"scale", "access"}});
  model["resource_kinds"] = {{{"id", "till"}, {"name", "Till"}}};
  model["roles"][2]["grants"] = {{"team", "all"}};
  model["rules"][0]["actor"] = {{"permission", "team"}, {"level", "all"}};
  TenureInMemory tenure(json::array({model}));
  tenure.record({event("org.created", {{"model", "helped"}, {"mode", "observe"}}),
                 event("role.created", {{"role", "deputy"}, {"name", "Deputy"}, {"grants", {{"team", "all"}}}})},
                1);
  // Everybody may give any role: from the one that has more on, that is more than they have.
  const bool all_the_same = GENERATE(true, false);
  std::vector<json> members;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "m" + std::to_string(i);
    members.push_back(event("member.added", {{"member", name}, {"role", "deputy"}}));
    if (all_the_same) continue;
    members.push_back(
        event("role.granted", {{"principal", "member:" + name}, {"role", "helper"}, {"on", "till:" + name}}));
  }
  tenure.record(members, 2);
  // The way goes from role to role, and is open all along since the second event of the instant.
  std::vector<json> roles{event("role.created", {{"role", "r"}, {"name", "r"}, {"grants", json::object()}})};
  const std::size_t opening = 2 + members.size() + 2;
  for (int i = 0; i < 150; ++i) {
    const std::string name = "r" + std::to_string(i), before = "r" + std::to_string(i - 1);
    roles.push_back(event("role.created", {{"role", name}, {"name", name}, {"grants", {{"money", "all"}}}}));
    if (i > 0) roles.push_back(event("role.edited", {{"role", before}, {"grants", {{"money", "none"}}}}));
  }
  tenure.record(roles, 3);
  const json found = tenure.whole_list({"findings"}, {{"kind", "can_raise_self"}}, 1000).at("items");
  CHECK(found.size() == 1000);
  for (const json& each : found) CHECK(each.at("evidence").at(0).at("position") == opening);
}

TEST_CASE("a search for findings is given up where its client has gone") {
  TenureInMemory tenure(json::array({managed_by_helpers()}));
  tenure.record({event("org.created", {{"model", "helped"}, {"mode", "observe"}})}, 1);
  tenure.record({event("role.created", custom("x")), event("member.invited", {{"member", "eve"}}),
                 event("role.granted", {{"principal", "group:none"}, {"role", "x"}, {"on", "org"}}),
                 event("member.added", {{"member", "ann"}, {"role", "helper"}})},
                2);
  for (const char* kind : {"can_raise_self", "custom_role_unheld", "grant_without_effect", "holders_under"}) {
    INFO(kind);
    CHECK(tenure.get({"findings"}, {{"kind", kind}}).body.at("total") == 1);
    CHECK(tenure.given_up({"findings"}, {{"kind", kind}}));
  }
  CHECK_FALSE(tenure.given_up({"findings"}, {{"kind", "judgement_changed"}}));
  json late = event("member.added", {{"member", "bob"}});
  late["occurred_at"] = tenure::oracle::instant_text(1);
  tenure.record({late}, 3);
  CHECK(tenure.given_up({"findings"}, {{"kind", "judgement_changed"}}));
}
