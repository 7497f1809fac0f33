// From what is held to what can be done: scopes, everyone, assignments, and the cuts.
#include "tests/catch.h"
#include "tests/oracle/story.h"

using namespace tenure::oracle;
using nlohmann::json;

TEST_CASE("the best of all that is held counts, with the widest reach that gives that level") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:a"}});
  CHECK(s.who(2, "code") == "ann write listed");
  CHECK(s.who(2, "code", "repo:a") == "ann write listed");
  CHECK(s.who(2, "code", "repo:b") == "ann read all");
  s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:*"}});
  CHECK(s.who(3, "code") == "ann write all");
  CHECK(s.who(3, "code", "repo:b") == "ann write all");
}

TEST_CASE("asked for a level only those who have at least that one are named") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(1, "member.added", {{"member", "bob"}, {"role", "owner"}});
  CHECK(s.who(1, "code", {}, "read") == "ann read all, bob admin all");
  CHECK(s.who(1, "code", {}, "write") == "bob admin all");
  CHECK(s.who(1, "code", {}, "none") == "ann read all, bob admin all");
  CHECK(s.who(1, "code", {}, "everything") == "nobody");
  CHECK(s.who(1, "flying") == "nobody");
}

TEST_CASE("inheritance merges, the higher level winning, and a blank cell grants nothing") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "lead"}});
  s.happens(1, "member.added", {{"member", "bob"}, {"role", "member"}});
  s.happens(1, "feature.enabled", {{"feature", "lab"}});
  CHECK(s.who(1, "code") == "ann write all");
  CHECK(s.fold().roles(1, s.last()).at("lead") == RoleRow{"system", {{"code", "write"}, {"invoices", "write"}}});
  CHECK(s.who(1, "lab") == "nobody");
}

TEST_CASE("a permission about no resource takes grants on the organization and none on resources") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "payer"}, {"on", "repo:a"}});
  s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "payer"}, {"on", "repo:*"}});
  CHECK(s.who(3, "billing") == "nobody");
  s.happens(4, "role.granted", {{"principal", "member:ann"}, {"role", "payer"}, {"on", "org"}});
  CHECK(s.who(4, "billing") == "ann yes all");
}

TEST_CASE("a grant on a resource of another kind says nothing of this kind") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "box:*"}});
  CHECK(s.who(2, "code") == "nobody");
}

TEST_CASE("a grant on a resource that must be declared waits for it") {
  Story s;
  s.happens(1, "role.created", {{"role", "chat"}, {"name", "C"}, {"grants", {{"talk", "admin"}}}});
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "chat"}, {"on", "bot:1"}});
  CHECK(s.who(2, "talk") == "nobody");
  s.happens(3, "resource.added", {{"resource", "bot:1"}});
  CHECK(s.who(3, "talk") == "ann admin listed");
}

TEST_CASE("a grant to everyone reaches members who are not disabled, and nobody else") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(1, "member.added", {{"member", "bob"}});
  s.happens(1, "member.invited", {{"member", "cid"}});
  s.happens(2, "role.granted", {{"principal", "everyone"}, {"role", "reader"}, {"on", "org"}});
  CHECK(s.who(2, "code") == "ann read all, bob read all");
  s.happens(3, "member.disabled", {{"member", "bob"}});
  CHECK(s.who(3, "code") == "ann read all");
}

TEST_CASE("what everyone has by a setting begins with its initial value and follows its changes") {
  json model = small_model();
  Story s(model);
  s.happens(1, "member.added", {{"member", "ann"}});
  CHECK(s.who(1, "code") == "nobody");
  s.happens(10, "org.setting_changed", {{"setting", "base"}, {"value", "read"}});
  CHECK(s.who(10, "code", "repo:any") == "ann read all");
  s.happens(20, "org.setting_changed", {{"setting", "base"}, {"value", "none"}});
  CHECK(s.who(20, "code") == "nobody");
  model["settings"][0]["initial"] = "read";
  Story other(model);
  other.happens(1, "member.added", {{"member", "ann"}});
  CHECK(other.who(1, "code") == "ann read all");
}

TEST_CASE("an outsider's own scoped grant counts where the model says so, a group's never") {
  json model = small_model();
  const bool outsiders = GENERATE(true, false);
  model["outsiders_hold_scoped_grants"] = outsiders;
  Story s(model);
  s.happens(1, "role.granted", {{"principal", "member:out"}, {"role", "reader"}, {"on", "repo:a"}});
  s.happens(1, "group.created", {{"group", "g"}, {"role", "writer"}});
  s.happens(2, "group.member_added", {{"group", "g"}, {"member", "out"}});
  s.happens(2, "role.granted", {{"principal", "everyone"}, {"role", "writer"}, {"on", "org"}});
  CHECK(s.who(2, "code") == (outsiders ? "out read listed" : "nobody"));
  s.happens(3, "member.disabled", {{"member", "out"}});
  CHECK(s.who(3, "code") == "nobody");
  s.happens(4, "member.removed", {{"member", "out"}});
  CHECK(s.who(4, "code") == "nobody");
}

TEST_CASE("a disabled member keeps only what the model lets them keep, in all or in one area") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  SECTION("altogether") {
    s.happens(10, "member.disabled", {{"member", "ann"}});
    CHECK(s.who(10, "code") == "nobody");
    CHECK(s.who(10, "invoices") == "nobody");
    CHECK(s.who(10, "billing") == "ann yes all");
    CHECK(s.members(10) == "ann disabled owner since 1");
    s.happens(11, "member.enabled", {{"member", "ann"}, {"area", "Work"}});
    CHECK(s.who(11, "code") == "nobody");
    s.happens(20, "member.enabled", {{"member", "ann"}});
    CHECK(s.who(20, "code") == "ann admin all");
  }
  SECTION("in one area") {
    s.happens(10, "member.disabled", {{"member", "ann"}, {"area", "Work"}});
    CHECK(s.who(10, "code") == "nobody");
    CHECK(s.who(10, "secret") == "nobody");
    CHECK(s.who(10, "invoices") == "ann admin all");
    CHECK(s.members(10) == "ann active owner since 1");
    s.happens(11, "member.enabled", {{"member", "ann"}, {"area", "Money"}});
    CHECK(s.who(11, "code") == "nobody");
    s.happens(12, "member.enabled", {{"member", "ann"}, {"area", "Work"}});
    CHECK(s.who(12, "code") == "ann admin all");
  }
  SECTION("an enabling without an area undoes every area") {
    s.happens(10, "member.disabled", {{"member", "ann"}, {"area", "Work"}});
    s.happens(11, "member.enabled", {{"member", "ann"}});
    CHECK(s.who(11, "code") == "ann admin all");
  }
  SECTION("and a member who was removed returns enabled") {
    s.happens(10, "member.disabled", {{"member", "ann"}});
    s.happens(11, "member.removed", {{"member", "ann"}});
    s.happens(12, "member.added", {{"member", "ann"}, {"role", "reader"}});
    CHECK(s.who(12, "code") == "ann read all");
  }
}

TEST_CASE("a permission counts only with its parent at the level it needs") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "cashier"}});
  CHECK(s.who(1, "invoices") == "nobody");
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "payer"}, {"on", "org"}});
  CHECK(s.who(2, "invoices") == "ann write all");
}

TEST_CASE("the parent is asked on the same resource if it is about that kind") {
  json model = small_model();
  model["permissions"].push_back({{"id", "merge"},
                                  {"name", "Merge"},
                                  {"module", "Work"},
                                  {"scale", "yes"},
                                  {"resource", "repo"},
                                  {"parent", "code"},
                                  {"parent_level", "write"}});
  model["roles"][1]["grants"]["merge"] = "yes";  // member
  Story s(model);
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "member"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:a"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:b"}});
  CHECK(s.who(2, "merge", "repo:a") == "ann yes all");
  CHECK(s.who(2, "merge", "repo:b") == "nobody");
  CHECK(s.who(2, "merge") == "ann yes all");
}

TEST_CASE("what belongs to the owner alone is nobody else's, whatever their roles grant") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(1, "member.added", {{"member", "bob"}, {"role", "insider"}});
  s.happens(2, "role.granted", {{"principal", "member:bob"}, {"role", "owner"}, {"on", "org"}});
  CHECK(s.who(2, "secret") == "ann yes all");
}

TEST_CASE("a permission whose feature is off is nobody's") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "insider"}});
  CHECK(s.who(1, "lab") == "nobody");
  s.happens(10, "feature.enabled", {{"feature", "lab"}});
  CHECK(s.who(10, "lab") == "ann yes all");
  s.happens(20, "feature.disabled", {{"feature", "lab"}});
  CHECK(s.who(20, "lab") == "nobody");
}

TEST_CASE("a power over what is assigned reaches the assigned resource and what lies in it") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "guide"}});
  s.happens(2, "resource.added", {{"resource", "box:1"}});
  s.happens(2, "resource.added", {{"resource", "bot:1"}, {"parent", "box:1"}});
  s.happens(2, "resource.added", {{"resource", "bot:2"}});
  CHECK(s.who(2, "talk") == "nobody");
  SECTION("the resource itself") {
    s.happens(3, "assignment.added", {{"member", "ann"}, {"resource", "bot:2"}});
    CHECK(s.who(3, "talk") == "ann write assigned");
    CHECK(s.who(3, "talk", "bot:2") == "ann write assigned");
    CHECK(s.who(3, "talk", "bot:1") == "nobody");
    s.happens(4, "assignment.removed", {{"member", "ann"}, {"resource", "bot:2"}});
    CHECK(s.who(4, "talk") == "nobody");
  }
  SECTION("what it lies in") {
    s.happens(3, "assignment.added", {{"member", "ann"}, {"resource", "box:1"}});
    CHECK(s.who(3, "talk") == "ann write assigned");
    CHECK(s.who(3, "talk", "bot:1") == "ann write assigned");
    CHECK(s.who(3, "talk", "bot:2") == "nobody");
    s.happens(4, "resource.removed", {{"resource", "box:1"}});
    s.happens(5, "resource.added", {{"resource", "box:1"}});
    CHECK(s.who(5, "talk") == "nobody");
  }
}

TEST_CASE("a power over all unless something is assigned narrows with the first live assignment") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "roamer"}});
  s.happens(2, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
  CHECK(s.who(2, "talk") == "ann read all");
  CHECK(s.who(2, "talk", "bot:2") == "ann read all");
  s.happens(3, "resource.added", {{"resource", "bot:1"}});
  CHECK(s.who(3, "talk") == "ann read assigned");
  CHECK(s.who(3, "talk", "bot:1") == "ann read assigned");
  CHECK(s.who(3, "talk", "bot:2") == "nobody");
  s.happens(4, "resource.removed", {{"resource", "bot:1"}});
  CHECK(s.who(4, "talk", "bot:2") == "ann read all");
}

TEST_CASE("a grant on one resource with a power over what is assigned needs the assignment to that one") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(1, "resource.added", {{"resource", "bot:1"}});
  s.happens(1, "resource.added", {{"resource", "bot:2"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "guide"}, {"on", "bot:1"}});
  s.happens(3, "assignment.added", {{"member", "ann"}, {"resource", "bot:2"}});
  CHECK(s.who(3, "talk") == "nobody");
  s.happens(4, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
  CHECK(s.who(4, "talk") == "ann write listed");
  CHECK(s.who(4, "talk", "bot:2") == "nobody");
}

TEST_CASE("asked of a resource of another kind nobody is named, and where no resource is meant it is left aside") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  CHECK(s.who(1, "code", "bot:1") == "nobody");
  CHECK(s.who(1, "billing", "repo:a") == "ann yes all");
}
