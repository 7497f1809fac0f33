#include "tests/services/wrong_request.h"

#include "tests/catch.h"

namespace tenure::test {

void check_refusal(const Wrong& wrong, const HttpAnswer& answer) {
  INFO(wrong.what << ": " << wrong.method << " " << wrong.target.substr(0, 200) << "\n  " << wrong.body.substr(0, 200)
                  << "\n  answered " << answer.status << " " << answer.body);
  CHECK(answer.status == wrong.status);
  REQUIRE(answer.headers.contains("content-type"));
  REQUIRE(answer.headers.at("content-type") == "application/problem+json");
  const auto problem = answer.json();
  CHECK(problem.at("code") == wrong.code);
  CHECK(problem.at("status") == wrong.status);
  CHECK(problem.value("field", "") == wrong.field);
  CHECK_THAT(problem.at("detail").get<std::string>(), Catch::Contains(wrong.says));
}

TwoOrganizations::TwoOrganizations(RunningOptions options) : program(std::move(options)) {
  for (const char* org : {R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})",
                          R"({"id":"gate","model":"github","mode":"enforce","owner":"ana"})"}) {
    REQUIRE(program.post("/v1/orgs", org).status == 201);
  }
  REQUIRE(program.post("/v1/orgs/acme/events", event("bob"), {"Idempotency-Key: first"}).status == 201);
}

std::string TwoOrganizations::event(const std::string& member, const std::string& more) {
  return R"({"id":")" + member + R"(","type":"member.added","actor":{"kind":"member","id":"ana"},)" + more +
         R"("data":{"member":")" + member + R"(","role":"member"}})";
}

std::string TwoOrganizations::state() {
  std::string all;
  for (const char* target : {"/v1/orgs", "/v1/orgs/acme/events", "/v1/orgs/gate/events"}) {
    auto list = program.get(target).json();
    list.erase("as_of");
    all += list.dump();
  }
  return all;
}

HttpAnswer TwoOrganizations::refuse(const Wrong& wrong) {
  const std::string before = state();
  HttpAnswer answer = program.request(wrong.method, wrong.target, wrong.body, wrong.headers);
  check_refusal(wrong, answer);
  CHECK(state() == before);
  return answer;
}

void TwoOrganizations::refuse_all(const std::vector<Wrong>& rows) {
  for (const Wrong& row : rows) refuse(row);
  const auto version = program.get("/v1/orgs/acme").json().at("version").get<int>();
  const auto added = program.post("/v1/orgs/acme/events", event("next"));
  CHECK(added.status == 201);
  CHECK(added.json().at("items").at(0).at("version") == version + 1);
}

}  // namespace tenure::test
