// In whose name a token closes findings and decides in reviews.
#include "tests/services/reviews_told.h"
#include "tests/services/team_told.h"

namespace {

using nlohmann::json;
using namespace tenure::test;

// Who sends from here on: a token of its own.
void speak_as(TeamTold& team, const char* principal, const json& scopes, const json& more = json::object()) {
  json wanted{{"principal", principal}, {"scopes", scopes}, {"orgs", {"acme"}}};
  wanted.update(more);
  const auto made = team.program().post("/v1/tokens", wanted.dump());
  INFO(made.body);
  REQUIRE(made.status == 201);
  team.program().speak_as(made.json().at("secret").get<std::string>());
}

}  // namespace

TEST_CASE("nobody closes a finding about themselves by naming somebody else, or in another's name") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-01T00:00:01Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto broke = team.happens("2024-01-02T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}},
                                  {}, by("ann"));
  const std::string one = "/v1/orgs/acme/findings/rule_violation." + std::to_string(broke);
  const auto close = [&](json body) {
    body["reason"] = "it was fine";
    return team.program().post(one + "/close", body.dump());
  };
  const json system{{"actor", {{"kind", "system"}, {"id", "sync"}}}};

  const std::string admin = team.program().token();
  speak_as(team, "ann", {"review", "read"});
  for (const json& actor : {json::object(), by("ann"), by("bob"), system}) {
    INFO(actor.dump());
    const auto refused = close(actor);
    CHECK(refused.status == 403);
    CHECK(refused.json().at("field") == "/actor/id");
  }
  team.program().speak_as(admin);
  speak_as(team, "bob", {"review", "read"});
  CHECK(close(by("olga")).status == 403);
  CHECK(close(by("bob")).status == 201);
}

TEST_CASE("a token that may not speak for members decides nothing as one") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-01T00:00:01Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const json definition = named_review("q", {"ann", "bob"});
  const auto define = team.program().post("/v1/orgs/acme/review-definitions", definition.dump());
  INFO(define.body);
  REQUIRE(define.status == 201);
  REQUIRE(team.program().post("/v1/orgs/acme/reviews", json{{"id", "q1"}, {"definition", "q"}}.dump()).status == 201);
  json of_olga;
  const json items = team.get("/reviews/q1/items").at("items");
  for (const json& item : items) {
    if (item.at("member") == "olga" && item.at("kind") == "role") of_olga = item;
  }
  REQUIRE(of_olga.is_object());
  const std::string body = ReviewsTold::decision(of_olga, "keep").dump();
  const std::string admin = team.program().token();
  speak_as(team, "ann", {"review", "read"}, {{"actor_kinds", {"integration"}}});
  const auto refused = team.program().post("/v1/orgs/acme/reviews/q1/decisions", body);
  INFO(refused.body);
  CHECK(refused.status == 403);
  CHECK(refused.json().at("detail").get<std::string>().find("kind member") != std::string::npos);
  team.program().speak_as(admin);
  speak_as(team, "ann", {"review", "read"});
  CHECK(team.program().post("/v1/orgs/acme/reviews/q1/decisions", body).status == 201);
}
