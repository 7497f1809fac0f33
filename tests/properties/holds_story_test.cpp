// Stories of single holds: what changes their state and what does not, what a scope takes in, what touched them, what
// is left of them after they were revoked.
#include <map>
#include <set>

#include "projections/review/hold_story.h"
#include "tests/catch.h"
#include "tests/oracle/random_history.h"
#include "tests/properties/told_twice.h"

namespace {

using namespace tenure;
using namespace tenure::projections;
using nlohmann::json;
using review::HoldKind;
using review::ReviewScope;
using review::Standing;
using test::IdentityOfNumber;

constexpr std::int64_t recorded_from_us = 1'000'000'000;

class Story {
 public:
  explicit Story(const json& models = json::array({test::small_team()})) : tenure_(models) {
    happens(0, "org.created", {{"model", models.at(0).at("id")}, {"mode", "observe"}});
  }

  std::int64_t happens(std::int64_t at_us, const std::string& type, const json& data) {
    json event{{"type", type},
               {"actor", {{"kind", "system"}, {"id", "sync"}}},
               {"occurred_at", oracle::instant_text(at_us)},
               {"data", data}};
    if (type == "event.retracted") event["reason"] = "it was wrong";
    tenure_.record({event}, recorded_from_us + last_);
    return ++last_;
  }
  std::int64_t last() const { return last_; }

  // Each hold as "ann role writer" or "ann grant writer on repo:a", with its id and state.
  std::map<std::string, Holds::Found> holds(std::int64_t at_us, const ReviewScope& scope = {}, std::int64_t known = 0) {
    std::map<std::string, Holds::Found> all;
    look(at_us, known, [&](Holds& holds, const IdentityOfNumber& identity) {
      const auto found = holds.in_scope(
          scope, 1000, [](Number, const std::vector<std::string>&) { return false; },
          [&](const std::string& id, const std::string& state) { return certified.contains(id + state); });
      REQUIRE(found.has_value());
      for (const Holds::Found& each : *found) all.emplace(words(holds, identity, each.hold), each);
    });
    return all;
  }

  // "ann role writer, bob group g"
  std::string in_scope(std::int64_t at_us, const ReviewScope& scope = {}, std::int64_t known = 0) {
    std::string line;
    for (const auto& [word, each] : holds(at_us, scope, known)) line += (line.empty() ? "" : ", ") + word;
    return line.empty() ? "nothing" : line;
  }

  std::string state(std::int64_t at_us, const std::string& hold, std::int64_t known = 0) {
    const auto all = holds(at_us, {}, known);
    const auto found = all.find(hold);
    return found == all.end() ? "gone" : found->second.state;
  }

  void look(std::int64_t at_us, std::int64_t known, const std::function<void(Holds&, const IdentityOfNumber&)>& look) {
    tenure_.look(at_us, known == 0 ? last_ : known, look);
  }

  // Positions that touched it after an earlier look, "12 -9" where 9 was retracted.
  std::string touched(std::int64_t at_us, const Holds::Found& hold, const EarlierLook& earlier) {
    std::string line;
    look(at_us, 0, [&](Holds& holds, const IdentityOfNumber&) {
      for (const HoldTouch& touch : touches_since(holds, hold.hold, earlier)) {
        line += (line.empty() ? "" : " ") + std::string(touch.counts ? "" : "-") + std::to_string(touch.at.position);
      }
    });
    return line;
  }

  std::set<std::string> certified;  // ids with their states

 private:
  static std::string words(Holds& holds, const IdentityOfNumber& identity, const Hold& hold) {
    Facts& facts = holds.access().facts();
    std::string line = identity(hold.member) + " ";
    const std::string of = hold.of == 0 ? "nothing" : facts.name(hold.of).name;
    if (hold.kind == HoldKind::role) return line + "role " + of;
    if (hold.kind == HoldKind::group) return line + "group " + of;
    if (hold.kind == HoldKind::invitation) return line + "invitation " + of;
    return line + "grant " + facts.name(hold.role).name + " on " + of;
  }

  test::TenureInMemory tenure_;
  std::int64_t last_ = 0;
};

json member(const std::string& who) { return {{"member", who}}; }
json with_role(const std::string& who, const std::string& role) { return {{"member", who}, {"role", role}}; }
json in_group(const std::string& who, const std::string& group) { return {{"member", who}, {"group", group}}; }
json grant(const std::string& principal, const std::string& role, const std::string& on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

}  // namespace

TEST_CASE("a hold is a role, a group, a role on a scope or a pending invitation, of members and of others") {
  Story s;
  s.happens(1, "group.created", {{"group", "g"}});
  s.happens(2, "member.added", with_role("ann", "writer"));
  s.happens(3, "group.member_added", in_group("ann", "g"));
  s.happens(4, "role.granted", grant("member:out", "reader", "repo:a"));
  s.happens(5, "member.invited", {{"member", "new"}, {"role", "reader"}, {"groups", {"g"}}});
  s.happens(6, "member.added", with_role("bob", "reader"));
  s.happens(7, "member.disabled", member("bob"));
  s.happens(8, "role.granted", grant("group:g", "reader", "repo:b"));
  s.happens(9, "role.granted", grant("everyone", "reader", "repo:c"));
  CHECK(s.in_scope(9) ==
        "ann group g, ann role writer, bob role reader, new invitation reader, out grant reader on repo:a");
  CHECK(s.in_scope(1) == "nothing");
  ReviewScope scope;
  scope.members = {Standing::disabled};
  CHECK(s.in_scope(9, scope) == "bob role reader");
  scope.members = {Standing::outside};
  CHECK(s.in_scope(9, scope) == "new invitation reader, out grant reader on repo:a");
  scope.kinds = {HoldKind::invitation};
  CHECK(s.in_scope(9, scope) == "new invitation reader");
}

TEST_CASE("a role's holds change their state when the role is edited, and have it back when the edit is undone") {
  Story s;
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "read"}}}});
  s.happens(2, "member.added", with_role("ann", "cust"));
  s.happens(3, "member.added", with_role("bob", "reader"));
  const std::string before = s.state(3, "ann role cust"), other = s.state(3, "bob role reader");
  s.happens(4, "role.edited", {{"role", "cust"}, {"grants", {{"code", "write"}}}});
  const std::string edited = s.state(4, "ann role cust");
  CHECK(edited != before);
  CHECK(s.state(4, "bob role reader") == other);
  CHECK(s.state(3, "ann role cust") == before);
  s.happens(5, "role.edited", {{"role", "cust"}, {"grants", {{"code", "write"}}}});
  CHECK(s.state(5, "ann role cust") == edited);
  s.happens(6, "role.edited", {{"role", "cust"}, {"grants", {{"code", "read"}}}});
  CHECK(s.state(6, "ann role cust") == before);
}

TEST_CASE("a retraction and a late event change a state as the event itself would have, and as known then it stays") {
  Story s;
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "read"}}}});
  s.happens(2, "member.added", with_role("ann", "cust"));
  const std::string before = s.state(9, "ann role cust");
  const auto edit = s.happens(3, "role.edited", {{"role", "cust"}, {"grants", {{"code", "write"}}}});
  s.happens(9, "member.added", member("bob"));
  const std::string edited = s.state(9, "ann role cust");
  const auto known = s.last();
  s.happens(10, "event.retracted", {{"position", edit}});
  CHECK(s.state(9, "ann role cust") == before);
  CHECK(s.state(9, "ann role cust", known) == edited);
  s.happens(4, "role.edited", {{"role", "cust"}, {"grants", {{"code", "admin"}}}});
  CHECK(s.state(9, "ann role cust") != before);
  CHECK(s.state(3, "ann role cust") == before);
  s.happens(5, "member.removed", member("ann"));
  CHECK(s.state(9, "ann role cust") == "gone");
  CHECK(s.state(9, "ann role cust", known) == edited);
}

TEST_CASE("a group's holds change their state with all that the group and those above it give, and by nothing else") {
  Story s;
  s.happens(1, "group.created", {{"group", "top"}});
  s.happens(2, "group.created", {{"group", "g"}, {"parent", "top"}});
  s.happens(3, "group.created", {{"group", "other"}});
  s.happens(4, "member.added", with_role("ann", "member"));
  s.happens(5, "group.member_added", in_group("ann", "g"));
  std::set<std::string> states{s.state(5, "ann group g")};
  const std::string role = s.state(5, "ann role member");
  const auto changes = [&](std::int64_t at_us) { return states.insert(s.state(at_us, "ann group g")).second; };
  s.happens(6, "role.granted", grant("group:other", "reader", "repo:a"));
  s.happens(7, "group.member_added", in_group("bob", "g"));
  CHECK_FALSE(changes(7));
  s.happens(8, "role.granted", grant("group:g", "reader", "repo:a"));
  CHECK(changes(8));
  s.happens(9, "role.granted", grant("group:top", "reader", "repo:b"));
  CHECK(changes(9));
  s.happens(10, "group.edited", {{"group", "top"}, {"role", "payer"}});
  CHECK(changes(10));
  s.happens(11, "group.edited", {{"group", "g"}, {"parent", nullptr}});
  CHECK(changes(11));
  s.happens(12, "group.edited", {{"group", "g"}, {"parent", "top"}});
  CHECK(changes(12));  // it gives what it gave, by another event
  s.happens(13, "role.revoked", grant("group:top", "reader", "repo:b"));
  CHECK(changes(13));
  CHECK(s.state(13, "ann role member") == role);
  s.happens(14, "group.deleted", {{"group", "g"}});
  CHECK(s.state(14, "ann group g") == "gone");
}

TEST_CASE("a new model changes the state of the holds whose roles it changes, and of no other") {
  json first = test::small_team(), second = first;
  second["id"] = "second";
  for (json& role : second.at("roles")) {
    if (role.at("id") == "reader") role["grants"]["code"] = "write";
  }
  Story s(json::array({first, second}));
  s.happens(1, "member.added", with_role("ann", "reader"));
  s.happens(2, "member.added", with_role("bob", "payer"));
  const std::string ann = s.state(2, "ann role reader"), bob = s.state(2, "bob role payer");
  s.happens(3, "org.model_changed", {{"model", "second"}});
  CHECK(s.state(3, "ann role reader") != ann);
  CHECK(s.state(3, "bob role payer") == bob);
}

TEST_CASE("what is taken and given again is the same hold in another state") {
  Story s;
  s.happens(1, "member.added", with_role("ann", "reader"));
  s.happens(2, "role.granted", grant("member:ann", "writer", "repo:a"));
  const auto before = s.holds(2);
  s.happens(3, "member.removed", member("ann"));
  CHECK(s.in_scope(3) == "nothing");
  s.happens(4, "member.added", with_role("ann", "reader"));
  s.happens(5, "role.granted", grant("member:ann", "writer", "repo:a"));
  const auto after = s.holds(5);
  REQUIRE(after.size() == 2);
  for (const auto& [word, hold] : before) {
    CHECK(after.at(word).id == hold.id);
    CHECK(after.at(word).state != hold.state);
  }
  // Given once more, it stands since the first time.
  s.happens(6, "member.role_changed", with_role("ann", "reader"));
  CHECK(s.state(6, "ann role reader") == after.at("ann role reader").state);
}

TEST_CASE("a role that came by another's deletion stands since that") {
  Story s;
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", json::object()}});
  s.happens(2, "member.added", with_role("ann", "cust"));
  const auto deletion = s.happens(3, "role.deleted", {{"role", "cust"}, {"reassign_to", "reader"}});
  const auto all = s.holds(3);
  REQUIRE(all.contains("ann role reader"));
  CHECK(all.size() == 1);
  CHECK(all.at("ann role reader").hold.since.position == static_cast<std::uint64_t>(deletion));
}

TEST_CASE("an invitation that ran out before the instant is no hold, whatever was known when") {
  Story s;
  const auto known = s.happens(1, "member.invited", {{"member", "ann"}, {"expires_at", "1970-01-01T00:00:00.00005Z"}});
  CHECK(s.in_scope(49) == "ann invitation nothing");
  CHECK(s.in_scope(50) == "nothing");
  s.happens(60, "group.created", {{"group", "g"}});
  CHECK(s.in_scope(55, {}, known) == "nothing");
  CHECK(s.in_scope(49, {}, known) == "ann invitation nothing");
}

TEST_CASE("a scope takes in what gives a power, reaches a resource or is below a group, and a name unknown nothing") {
  Story s;
  s.happens(1, "group.created", {{"group", "top"}});
  s.happens(2, "group.created", {{"group", "g"}, {"parent", "top"}});
  s.happens(3, "role.granted", grant("group:top", "writer", "repo:a"));
  s.happens(4, "member.added", with_role("ann", "payer"));
  s.happens(5, "group.member_added", in_group("ann", "g"));
  s.happens(6, "member.added", with_role("bob", "reader"));
  s.happens(7, "role.granted", grant("member:bob", "writer", "repo:*"));
  s.happens(8, "role.granted", grant("member:bob", "guide", "repo:b"));
  ReviewScope power;
  power.permissions = {{PermissionId("code"), LevelId("write")}};
  CHECK(s.in_scope(8, power) == "ann group g, bob grant writer on repo:*");
  power.permissions = {{PermissionId("code"), LevelId("none")}};
  CHECK(s.in_scope(8, power) == "ann group g, bob grant writer on repo:*, bob role reader");
  ReviewScope resource;
  resource.resources = {ResourceId{"repo", "a"}};
  CHECK(s.in_scope(8, resource) == "ann group g, bob grant writer on repo:*, bob role reader");
  resource.resources = {ResourceId{"repo", "b"}};
  CHECK(s.in_scope(8, resource) == "bob grant guide on repo:b, bob grant writer on repo:*, bob role reader");
  ReviewScope below;
  below.groups = {GroupId("top")};
  CHECK(s.in_scope(8, below) == "ann group g");
  ReviewScope role;
  role.roles = {RoleId("writer")};
  CHECK(s.in_scope(8, role) == "ann group g, bob grant writer on repo:*");
  for (ReviewScope* scope : {&power, &resource, &below, &role}) *scope = ReviewScope();
  power.permissions = {{PermissionId("never"), LevelId("write")}};
  resource.resources = {ResourceId{"ship", "a"}};
  below.groups = {GroupId("never")};
  role.roles = {RoleId("never")};
  for (const ReviewScope* scope : {&power, &resource, &below, &role}) CHECK(s.in_scope(8, *scope) == "nothing");
}

TEST_CASE("what the last review certified in its present state comes back only when it has changed") {
  Story s;
  s.happens(1, "member.added", with_role("ann", "reader"));
  s.happens(2, "member.added", with_role("bob", "reader"));
  for (const auto& [word, hold] : s.holds(2)) s.certified.insert(hold.id + hold.state);
  ReviewScope changed;
  changed.changed_since_last = true;
  CHECK(s.in_scope(2, changed) == "nothing");
  s.happens(3, "member.role_changed", with_role("bob", "writer"));
  CHECK(s.in_scope(3, changed) == "bob role writer");
}

TEST_CASE("a scope past its limit is refused with what to do") {
  Story s;
  s.happens(1, "member.added", with_role("ann", "reader"));
  s.happens(2, "member.added", with_role("bob", "reader"));
  s.look(2, 0, [&](Holds& holds, const IdentityOfNumber&) {
    const auto found = holds.in_scope({}, 1, nullptr, nullptr);
    REQUIRE(found.has_error());
    CHECK(found.error().code == RefusalCode::too_large);
    CHECK(found.error().field == "/scope");
    CHECK(found.error().because.find("more than 1 holds") != std::string::npos);
    CHECK(holds.in_scope({}, 2, nullptr, nullptr).has_value());
  });
}

TEST_CASE("what touched a hold since an earlier look is told, with what was retracted and what came late") {
  Story s;
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "read"}}}});
  const auto given = s.happens(2, "member.added", with_role("ann", "cust"));
  const auto edit = s.happens(5, "role.edited", {{"role", "cust"}, {"grants", {{"code", "write"}}}});
  const auto hold = s.holds(5).at("ann role cust");
  const EarlierLook earlier{Instant{5}, static_cast<std::uint64_t>(s.last())};
  CHECK(s.touched(20, hold, earlier).empty());
  s.happens(6, "member.added", with_role("bob", "cust"));
  s.happens(7, "group.created", {{"group", "g"}});
  CHECK(s.touched(20, hold, earlier).empty());
  const auto late = s.happens(3, "role.edited", {{"role", "cust"}, {"grants", {{"talk", "read"}}}});
  s.happens(8, "event.retracted", {{"position", edit}});
  CHECK(s.touched(20, hold, earlier) == std::to_string(late) + " -" + std::to_string(edit));
  CHECK(s.touched(20, hold, {Instant{1}, 2}) == std::to_string(given) + " " + std::to_string(late));
}

TEST_CASE("of what a revoked hold gave, what its member has still is told with the path") {
  Story s;
  s.happens(1, "group.created", {{"group", "g"}});
  s.happens(2, "role.granted", grant("group:g", "reader", "repo:a"));
  s.happens(3, "member.added", with_role("ann", "member"));
  s.happens(4, "group.member_added", in_group("ann", "g"));
  s.happens(5, "role.granted", grant("member:ann", "lead", "repo:a"));
  s.happens(6, "role.granted", grant("member:ann", "reader", "repo:b"));
  std::vector<HeldPower> lead, reader_on_a;
  s.look(6, 0, [&](Holds& holds, const IdentityOfNumber&) {
    for (const Hold& hold : holds.of(s.holds(6).at("ann role member").hold.member)) {
      if (hold.kind == HoldKind::grant && holds.access().facts().name(hold.role).name == "lead") {
        lead = powers_of(holds, hold);
      }
      if (hold.kind == HoldKind::group) reader_on_a = powers_of(holds, hold);
    }
  });
  REQUIRE(lead.size() == 1);  // on a repository it says nothing of money
  CHECK(lead.front().level.text == "write");
  s.happens(7, "role.revoked", grant("member:ann", "lead", "repo:a"));
  const Number ann = s.holds(7).at("ann role member").hold.member;
  s.look(7, 0, [&](Holds& holds, const IdentityOfNumber&) {
    CHECK(still_held(holds.access(), ann, lead).empty());  // to read is not to write
    const auto held = still_held(holds.access(), ann, reader_on_a);
    REQUIRE(held.size() == 1);
    CHECK(held.front().level.text == "read");
    REQUIRE(held.front().paths.size() == 1);
    CHECK(held.front().paths.front().kind == PathKind::group);
  });
  s.happens(8, "group.member_removed", in_group("ann", "g"));
  s.look(8, 0,
         [&](Holds& holds, const IdentityOfNumber&) { CHECK(still_held(holds.access(), ann, reader_on_a).empty()); });
}

TEST_CASE("a finding is about the hold that it names, that its event made, or whose member it is about") {
  Story s;
  s.happens(1, "member.added", with_role("ann", "reader"));
  const auto event = static_cast<std::uint64_t>(s.happens(2, "role.granted", grant("member:ann", "writer", "repo:a")));
  s.look(2, 0, [&](Holds& holds, const IdentityOfNumber&) {
    Facts& facts = holds.access().facts();
    const auto all = holds.of(s.holds(2).at("ann role reader").hold.member);
    REQUIRE(all.size() == 2);
    const Hold &role = all[0], &granted = all[1];
    Finding idle;
    idle.kind = FindingKind::grant_without_effect;
    idle.entity = granted.member;
    idle.other = granted.role;
    idle.on = facts.name(granted.of).name;
    CHECK(is_about(idle, holds, granted));
    CHECK_FALSE(is_about(idle, holds, role));
    Finding violation;
    violation.kind = FindingKind::rule_violation;
    violation.evidence = {event};
    CHECK(is_about(violation, holds, granted));
    CHECK_FALSE(is_about(violation, holds, role));
    Finding duties;
    duties.kind = FindingKind::duties_not_separated;
    duties.entity = role.member;
    CHECK(is_about(duties, holds, granted));
    CHECK(is_about(duties, holds, role));
  });
}

TEST_CASE("a suggestion follows from the facts alone and says why") {
  HoldFacts facts;
  constexpr std::int64_t day_us = 86'400'000'000;
  facts.age_us = 100 * day_us;
  facts.certified = true;
  CHECK(recommend(facts).suggestion == Suggestion::keep);
  const auto suggests = [&](Suggestion suggestion, const std::string& because) {
    const Recommendation made = recommend(facts);
    CHECK(made.suggestion == suggestion);
    REQUIRE_FALSE(made.because.empty());
    CHECK(made.because.front() == because);
    facts = HoldFacts();
    facts.age_us = 100 * day_us;
    facts.certified = true;
  };
  facts.standing = Standing::disabled;
  facts.open_findings = 2;
  suggests(Suggestion::revoke, "The member is disabled and holds it still.");
  facts.kind = HoldKind::grant;
  facts.gives_nothing = true;
  suggests(Suggestion::revoke, "It gives nothing as things stand.");
  facts.kind = HoldKind::invitation;
  facts.standing = Standing::outside;
  suggests(Suggestion::revoke, "The invitation has been waiting for 100 days.");
  facts.open_findings = 1;
  suggests(Suggestion::look, "An open finding is about it.");
  facts.owner_power = true;
  suggests(Suggestion::look, "It gives what the owner has.");
  facts.peers = peers_min;
  suggests(Suggestion::look, "None of 3 others in the same groups holds it.");
  facts.peers = peers_min - 1;
  CHECK(recommend(facts).suggestion == Suggestion::keep);
  facts.age_us = 6 * day_us;
  suggests(Suggestion::look, "It was given less than 7 days ago.");
  facts.changed = true;
  suggests(Suggestion::look, "It is not what the last review certified.");
  facts.certified = false;
  suggests(Suggestion::look, "No earlier review of this definition has certified it.");
}

TEST_CASE("the facts of a hold are its member's standing, its age, what it gives and who else has it") {
  Story s;
  s.happens(1, "group.created", {{"group", "g"}});
  for (const char* who : {"ann", "bob", "cid"}) {
    s.happens(2, "member.added", with_role(who, std::string(who) == "ann" ? "owner" : "reader"));
    s.happens(3, "group.member_added", in_group(who, "g"));
  }
  s.happens(4, "member.disabled", member("cid"));
  const auto facts = [&](const std::string& hold) {
    const Hold asked = s.holds(10).at(hold).hold;
    HoldFacts found;
    s.look(10, 0, [&](Holds& holds, const IdentityOfNumber&) { found = facts_of(holds, asked); });
    return found;
  };
  CHECK(facts("ann role owner").owner_power);
  CHECK(facts("ann role owner").age_us == 8);
  CHECK(facts("ann role owner").peers == 2);
  CHECK(facts("ann role owner").peers_with == 0);
  CHECK_FALSE(facts("bob role reader").owner_power);
  CHECK(facts("bob role reader").peers_with == 1);
  CHECK(facts("cid role reader").standing == Standing::disabled);
  CHECK(facts("bob group g").gives_nothing);
}
