// What lists of groups, members and invitations show, each a story in which Tenure and the naive fold once differed.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

TEST_CASE("a group shows the role and the parent that it has, and none that is gone or never was") {
  ShortStory s;
  s.happens(1, "group.created", {{"group", "top"}});
  s.happens(2, "group.created", {{"group", "sub"}, {"parent", "top"}, {"role", "cust"}});
  CHECK(s.ask("groups", {{"at_us", 2}}).at("rows").at("sub").at("role") == "");
  s.happens(3, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", json::object()}});
  CHECK(s.ask("groups", {{"at_us", 3}}).at("rows").at("sub").at("role") == "cust");
  s.happens(4, "role.deleted", {{"role", "cust"}, {"reassign_to", "reader"}});
  CHECK(s.ask("groups", {{"at_us", 4}}).at("rows").at("sub").at("role") == "reader");
  s.happens(5, "group.deleted", {{"group", "top"}});
  s.happens(6, "group.created", {{"group", "top"}});
  CHECK(s.ask("groups", {{"at_us", 4}}).at("rows").at("sub").at("parent") == "top");
  CHECK(s.ask("groups", {{"at_us", 6}}).at("rows").at("sub").at("parent") == "");
}

TEST_CASE("an invitation that had run out by the instant asked about is not pending, whatever was known when") {
  ShortStory s;
  const json offer{{"member", "ann"}, {"expires_at", "1970-01-01T00:00:00.00005Z"}};
  const auto known = s.happens(1, "member.invited", offer);
  s.happens(90, "member.added", {{"member", "bob"}});
  const auto pending = [&](std::int64_t at_us) {
    return s.ask("invitations", {{"at_us", at_us}, {"known_position", known}}).at("rows").size();
  };
  CHECK(pending(49) == 1);
  CHECK(pending(50) == 0);
  CHECK(s.ask("member", {{"at_us", 60}, {"member", "ann"}, {"known_position", known}}).at("status") == "not a member");
}
