// What is given, what ends it, and what returns: members, groups, invitations, scoped grants, roles.
#include "tests/catch.h"
#include "tests/oracle/story.h"

using namespace tenure::oracle;
using nlohmann::json;

TEST_CASE("a link before its ends exist is kept and takes effect once both do") {
  Story s;
  s.happens(10, "member.role_changed", {{"member", "ann"}, {"role", "cust"}});
  s.happens(20, "member.added", {{"member", "ann"}});
  s.happens(30, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
  CHECK(s.who(29, "code") == "nobody");
  CHECK(s.who(30, "code") == "ann write all");
  s.happens(12, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(25, "group.created", {{"group", "g"}, {"role", "reader"}});
  CHECK(s.in_group(24, "g") == "nobody");
  CHECK(s.in_group(25, "g") == "ann since 25");
  CHECK(s.who(25, "code") == "ann read all");
}

TEST_CASE("a member who returns has only what was given after the return") {
  Story s;
  s.happens(5, "group.created", {{"group", "g"}, {"role", "reader"}});
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  s.happens(11, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(12, "role.granted", {{"principal", "member:ann"}, {"role", "owner"}, {"on", "repo:a"}});
  s.happens(20, "member.removed", {{"member", "ann"}});
  s.happens(30, "member.added", {{"member", "ann"}});
  CHECK(s.who(19, "code") == "ann admin listed");
  CHECK(s.who(20, "code") == "nobody");
  CHECK(s.who(30, "code") == "nobody");
  CHECK(s.members(30) == "ann active - since 30");
  s.happens(31, "member.role_changed", {{"member", "ann"}, {"role", "reader"}});
  CHECK(s.who(31, "code") == "ann read all");
}

TEST_CASE("adding again changes nothing, neither the role nor since when") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  s.happens(20, "member.added", {{"member", "ann"}});
  CHECK(s.members(20) == "ann active writer since 10");
  s.happens(30, "member.added", {{"member", "ann"}, {"role", "reader"}});
  CHECK(s.members(30) == "ann active reader since 10");
}

TEST_CASE("the owner of a new organization is a member with the owner's role") {
  NaiveFold fold(small_model());
  fold.append({{"type", "org.created"},
               {"occurred_us", 5},
               {"data", {{"model", "small"}, {"mode", "observe"}, {"owner", "ann"}}}},
              1, 5);
  CHECK(fold.members(5, 1).at("ann").role == "owner");
  CHECK(fold.can("ann", "secret", {}, {}, 5, 1) == Row{"yes", "all"});
}

TEST_CASE("a model without an owner role gives its highest one") {
  json model = small_model();
  model.erase("owner_role");
  model["roles"][4]["rank"] = 200;  // lead
  NaiveFold fold(model);
  fold.append({{"type", "org.created"},
               {"occurred_us", 5},
               {"data", {{"model", "small"}, {"mode", "observe"}, {"owner", "ann"}}}},
              1, 5);
  CHECK(fold.members(5, 1).at("ann").role == "lead");
}

TEST_CASE("ownership passes to one and leaves the other what the event or the model says") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(11, "member.added", {{"member", "bob"}, {"role", "reader"}});
  s.happens(20, "ownership.transferred", {{"from", "ann"}, {"to", "bob"}});
  CHECK(s.members(20) == "ann active member since 10, bob active owner since 11");
  s.happens(30, "ownership.transferred", {{"from", "bob"}, {"to", "cid"}, {"previous_owner_role", "writer"}});
  CHECK(s.members(30) == "ann active member since 10, bob active writer since 11");
  s.happens(40, "member.added", {{"member", "cid"}});
  CHECK(s.members(40) == "ann active member since 10, bob active writer since 11, cid active owner since 40");
}

TEST_CASE("a former owner keeps no role where neither the event nor the model names one") {
  json model = small_model();
  model.erase("former_owner_role");
  Story s(model);
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(20, "ownership.transferred", {{"from", "ann"}, {"to", "bob"}});
  CHECK(s.members(20) == "ann active - since 10");
}

TEST_CASE("an accepted invitation makes a member with the role and the groups that were offered") {
  Story s;
  s.happens(5, "group.created", {{"group", "g"}, {"role", "reader"}});
  s.happens(10, "member.invited",
            {{"member", "ann"}, {"role", "payer"}, {"groups", {"g"}}, {"expires_at", "1970-01-01T00:00:00.00005Z"}});
  CHECK(s.invited(10) == "ann payer [g]");
  CHECK(s.members(10) == "nobody");
  CHECK(s.who(10, "code") == "nobody");
  SECTION("in time") {
    s.happens(49, "invitation.accepted", {{"member", "ann"}});
    CHECK(s.members(49) == "ann active payer [g] since 49");
    CHECK(s.invited(49) == "nobody");
    CHECK(s.who(49, "code") == "ann read all");
  }
  SECTION("also when it had run out at that instant: the platform let her in") {
    CHECK(s.invited(49) == "ann payer [g]");
    CHECK(s.invited(50) == "nobody");
    s.happens(50, "invitation.accepted", {{"member", "ann"}});
    CHECK(s.members(50) == "ann active payer [g] since 50");
    CHECK(s.who(50, "code") == "ann read all");
  }
  SECTION("and nothing but membership when it was cancelled or expired before") {
    s.happens(20, "invitation.cancelled", {{"member", "ann"}});
    CHECK(s.invited(20) == "nobody");
    s.happens(21, "member.invited", {{"member", "ann"}, {"role", "payer"}});
    s.happens(22, "invitation.expired", {{"member", "ann"}});
    s.happens(30, "invitation.accepted", {{"member", "ann"}});
    CHECK(s.members(30) == "ann active - since 30");
  }
  SECTION("the latest offer counts; one that ran out uncovers the one before") {
    s.happens(9, "member.invited", {{"member", "ann"}, {"role", "cashier"}});
    CHECK(s.invited(10) == "ann payer [g]");
    s.happens(60, "invitation.accepted", {{"member", "ann"}});
    CHECK(s.members(60) == "ann active cashier since 60");
  }
}

TEST_CASE("a deleted group takes its members, its grants and its role, and its children become roots") {
  Story s;
  s.happens(1, "group.created", {{"group", "top"}, {"role", "writer"}});
  s.happens(2, "group.created", {{"group", "sub"}, {"parent", "top"}});
  s.happens(3, "member.added", {{"member", "ann"}});
  s.happens(3, "member.added", {{"member", "bob"}});
  s.happens(4, "group.member_added", {{"group", "sub"}, {"member", "ann"}});
  s.happens(4, "group.member_added", {{"group", "top"}, {"member", "bob"}});
  s.happens(5, "role.granted", {{"principal", "group:top"}, {"role", "payer"}, {"on", "org"}});
  CHECK(s.who(9, "code") == "ann write all, bob write all");
  CHECK(s.who(9, "billing") == "ann yes all, bob yes all");
  s.happens(10, "group.deleted", {{"group", "top"}});
  CHECK(s.who(10, "code") == "nobody");
  s.happens(20, "group.created", {{"group", "top"}, {"role", "reader"}});
  CHECK(s.who(20, "code") == "nobody");
  CHECK(s.who(20, "billing") == "nobody");
  CHECK(s.in_group(20, "sub") == "ann since 4");
  CHECK(s.fold().groups(20, s.last()).at("sub").parent.empty());
}

TEST_CASE("groups inherit from all above them where the model says so, and a circle ends") {
  json model = small_model();
  const bool inherit = GENERATE(true, false);
  model["groups"]["inherit_from_parents"] = inherit;
  Story s(model);
  s.happens(1, "group.created", {{"group", "a"}, {"role", "writer"}, {"parent", "c"}});
  s.happens(1, "group.created", {{"group", "b"}, {"parent", "a"}});
  s.happens(1, "group.created", {{"group", "c"}, {"parent", "b"}, {"role", "payer"}});
  s.happens(2, "member.added", {{"member", "ann"}});
  s.happens(3, "group.member_added", {{"group", "c"}, {"member", "ann"}});
  CHECK(s.who(5, "code") == (inherit ? "ann write all" : "nobody"));
  CHECK(s.who(5, "billing") == "ann yes all");
  s.happens(6, "group.edited", {{"group", "b"}, {"parent", nullptr}});
  CHECK(s.who(6, "code") == "nobody");
}

TEST_CASE("editing a group leaves alone what is absent, clears what is null and sets what is given") {
  Story s;
  s.happens(1, "group.created", {{"group", "g"}, {"role", "writer"}});
  s.happens(2, "member.added", {{"member", "ann"}});
  s.happens(3, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(10, "group.edited", {{"group", "g"}, {"name", "G"}});
  CHECK(s.who(10, "code") == "ann write all");
  s.happens(20, "group.edited", {{"group", "g"}, {"role", "reader"}});
  CHECK(s.who(20, "code") == "ann read all");
  s.happens(30, "group.edited", {{"group", "g"}, {"role", nullptr}});
  CHECK(s.who(30, "code") == "nobody");
  s.happens(40, "group.member_removed", {{"group", "g"}, {"member", "ann"}});
  CHECK(s.in_group(39, "g") == "ann since 3");
  CHECK(s.in_group(40, "g") == "nobody");
}

TEST_CASE("a deleted role ends what points at it, and members and groups go to the role that follows it") {
  Story s;
  const bool reassigned = GENERATE(true, false);
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "admin"}}}});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "cust"}});
  s.happens(2, "member.added", {{"member", "bob"}});
  s.happens(2, "member.added", {{"member", "cid"}});
  s.happens(2, "member.role_changed", {{"member", "dan"}, {"role", "cust"}});
  s.happens(3, "group.created", {{"group", "g"}, {"role", "cust"}});
  s.happens(4, "group.member_added", {{"group", "g"}, {"member", "bob"}});
  s.happens(5, "role.granted", {{"principal", "member:cid"}, {"role", "cust"}, {"on", "repo:a"}});
  CHECK(s.who(9, "code") == "ann admin all, bob admin all, cid admin listed");
  json deletion{{"role", "cust"}};
  if (reassigned) deletion["reassign_to"] = "reader";
  s.happens(10, "role.deleted", deletion);
  CHECK(s.who(10, "code") == (reassigned ? "ann read all, bob read all" : "nobody"));
  s.happens(15, "member.added", {{"member", "dan"}});
  CHECK(s.who(15, "code") == (reassigned ? "ann read all, bob read all, dan read all" : "nobody"));
  s.happens(20, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
  CHECK(s.who(20, "code") == s.who(15, "code"));
  s.happens(30, "role.granted", {{"principal", "member:cid"}, {"role", "cust"}, {"on", "repo:a"}});
  CHECK(s.fold().can("cid", "code", {}, {}, 30, s.last()) == Row{"write", "listed"});
}

TEST_CASE("a custom role is its base with its own grants over it, edited, and reset to the base alone") {
  Story s;
  s.happens(1, "role.created",
            {{"role", "cust"},
             {"name", "C"},
             {"based_on", "writer"},
             {"grants", {{"billing", "yes"}, {"invoices", "read"}}}});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "cust"}});
  CHECK(s.who(2, "code") == "ann write all");
  CHECK(s.who(2, "invoices") == "ann read all");
  s.happens(10, "role.edited", {{"role", "cust"}, {"grants", {{"code", "admin"}, {"billing", "no"}}}});
  CHECK(s.who(10, "code") == "ann admin all");
  CHECK(s.who(10, "billing") == "nobody");
  s.happens(15, "role.created", {{"role", "copy"}, {"name", "D"}, {"based_on", "cust"}, {"grants", json::object()}});
  s.happens(20, "role.reset", {{"role", "cust"}});
  CHECK(s.who(20, "code") == "ann write all");
  CHECK(s.who(20, "billing") == "nobody");
  s.happens(30, "member.role_changed", {{"member", "ann"}, {"role", "copy"}});
  CHECK(s.who(30, "code") == "ann admin all");
  CHECK(s.fold().roles(30, s.last()).at("cust") == RoleRow{"custom", {{"code", "write"}}});
}

TEST_CASE(
    "a custom role without a base is reset to what it was created with, and an edit before its creation is lost") {
  Story s;
  s.happens(1, "role.edited", {{"role", "cust"}, {"grants", {{"billing", "yes"}}}});
  s.happens(2, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "read"}}}});
  s.happens(3, "role.edited", {{"role", "cust"}, {"grants", {{"code", "admin"}}}});
  CHECK(s.fold().roles(3, s.last()).at("cust") == RoleRow{"custom", {{"code", "admin"}}});
  s.happens(4, "role.reset", {{"role", "cust"}});
  CHECK(s.fold().roles(4, s.last()).at("cust") == RoleRow{"custom", {{"code", "read"}}});
}

TEST_CASE("a system role is not changed by creating, editing, resetting or deleting it: its holders keep it") {
  Story s;
  s.happens(1, "role.created", {{"role", "reader"}, {"name", "R"}, {"grants", {{"code", "admin"}}}});
  s.happens(2, "role.edited", {{"role", "reader"}, {"grants", {{"code", "admin"}}}});
  s.happens(3, "member.added", {{"member", "ann"}, {"role", "reader"}});
  CHECK(s.who(3, "code") == "ann read all");
  s.happens(4, "role.deleted", {{"role", "reader"}, {"reassign_to", "writer"}});
  CHECK(s.who(4, "code") == "ann read all");
  s.happens(5, "member.added", {{"member", "bob"}, {"role", "reader"}});
  CHECK(s.who(5, "code") == "ann read all, bob read all");
}

TEST_CASE("a revoked grant is gone on that scope alone, and a removed resource takes its grants for good") {
  Story s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:a"}});
  s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:b"}});
  s.happens(10, "role.revoked", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:a"}});
  CHECK(s.who(9, "code", "repo:a") == "ann write listed");
  CHECK(s.who(10, "code", "repo:a") == "nobody");
  CHECK(s.who(10, "code") == "ann read listed");
  s.happens(20, "resource.removed", {{"resource", "repo:b"}});
  CHECK(s.who(20, "code") == "nobody");
  s.happens(30, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "repo:b"}});
  CHECK(s.who(30, "code") == "nobody");
  s.happens(40, "resource.added", {{"resource", "repo:b"}});
  CHECK(s.who(40, "code") == "ann write listed");
}
