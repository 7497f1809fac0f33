// What reports and reviews say of holds that were only found so (basis baseline): not since when, nor who gave them.
#include <algorithm>
#include <sstream>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

json admin_of_web(const std::string& principal) {
  return {{"type", "role.granted"},
          {"actor", {{"kind", "member"}, {"id", olga}}},
          {"occurred_at", "2026-01-05T09:30:00Z"},
          {"basis", "baseline"},
          {"data", {{"principal", principal}, {"role", "admin"}, {"on", "repo:acme/web"}}}};
}

json basis_of(const json& rows, const std::string& power) {
  for (const json& row : rows) {
    if (row.at("power") == power) return row.at("basis");
  }
  return "no such row";
}

}  // namespace

TEST_CASE("reports tell of what was found so that since when and by whom is unknown") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.clock("2026-01-05T10:00:00Z");
  acme.told("/events", admin_of_web(std::string("member:") + ben));
  acme.told("/events", admin_of_web("everyone"));
  acme.told("/review-definitions", named_review("q", {olga, ben}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  const json on_access = acme.get("/reports/r"), of_review = acme.get("/reviews/q1/report");
  for (const json& rows :
       {on_access.at("tables").at("holds"), on_access.at("tables").at("changes"), of_review.at("tables").at("items")}) {
    INFO(rows.dump(2));
    CHECK(basis_of(rows, "admin on repo:acme/web") == "found so");
    CHECK(basis_of(rows, "role member").is_null());
  }
  for (const json& report : {on_access, of_review}) {
    CHECK(report.at("tables").at("everyone").at(0).at("basis") == "found so");
    CHECK(report.at("facts").at("found_so") == 1);
  }
  for (const json& row : on_access.at("tables").at("powers")) CHECK(row.contains("basis"));
  const std::string csv = acme.ask("GET", "/reports/r?format=csv&table=holds").body;
  CHECK(csv.starts_with("member,kind,power,since,position,event,granted_by,basis,"));
  CHECK(csv.find(",found so,") != std::string::npos);
  for (const std::string format : {"pdf", "xlsx"}) CHECK(acme.ask("GET", "/reports/r?format=" + format).status == 200);
  // A list of items names the event that gave each, with its basis; what the facts suggest does not call it given.
  const json item = acme.item("q1", ben, "grant");
  CHECK(item.at("granted").at("basis") == "baseline");
  const json whole = acme.get("/reviews/q1/items/" + item.at("item").get<std::string>());
  CHECK(whole.dump().find("It was found, since when is unknown, less than 7 days ago.") != std::string::npos);
}

TEST_CASE("a report where nothing was found so says nothing of it on its cover") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  CHECK_FALSE(acme.get("/reports/r").at("facts").contains("found_so"));
}
