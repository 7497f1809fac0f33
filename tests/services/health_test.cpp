// What a watcher reads: /healthz, /readyz and /metrics, without a token.
#include "tests/catch.h"
#include "tests/services/running_program.h"

namespace {

using namespace tenure;
using test::HttpAnswer;
using test::RunningProgram;

HttpAnswer without_token(RunningProgram& program, const std::string& path) {
  return program.raw("GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
}

// The value of a line of /metrics that begins with `name` and a space.
double metric(RunningProgram& program, const std::string& name) {
  const auto answer = without_token(program, "/metrics");
  REQUIRE(answer.status == 200);
  CHECK(answer.headers.at("content-type").starts_with("text/plain"));
  const auto at = answer.body.find("\n" + name + " ");
  INFO(name << " in\n" << answer.body);
  REQUIRE(at != std::string::npos);
  return std::stod(answer.body.substr(at + name.size() + 2));
}

}  // namespace

TEST_CASE("a server that takes appends is ready, and says which store it has and where that stands") {
  RunningProgram program({.demo = true});
  CHECK(without_token(program, "/healthz").json().at("status") == "ok");
  const auto ready = without_token(program, "/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.json().at("status") == "ready");
  CHECK(ready.json().at("store").get<std::string>().size() == 32);
  CHECK(ready.json().at("position") == program.get("/v1/orgs").json().at("position"));
}

TEST_CASE("metrics count requests by route and status, and show the position and the store's memory") {
  RunningProgram program({.demo = true});
  for (int i = 0; i < 3; ++i) REQUIRE(program.get("/v1/orgs/demo").status == 200);
  REQUIRE(program.get("/v1/orgs/none").status == 404);
  REQUIRE(program.get("/nowhere").status == 404);
  const auto count = [&](const std::string& route, const std::string& status) {
    return metric(program, "tenure_http_requests_total{route=\"" + route + "\",status=\"" + status + "\"}");
  };
  CHECK(count("/v1/orgs/{org}", "2xx") == 3);
  CHECK(count("/v1/orgs/{org}", "4xx") == 1);
  CHECK(count("none", "4xx") == 1);
  CHECK(metric(program, "tenure_log_position") == program.get("/readyz").json().at("position").get<double>());
  CHECK(metric(program, "tenure_store_memory_bytes") > 0);
  CHECK(metric(program, "tenure_http_connections") >= 1);
  CHECK(metric(program, "tenure_http_request_seconds_count") >= 5);
  CHECK(metric(program, "tenure_http_crashes_total") == 0);
  CHECK(metric(program, "tenure_http_abandoned_total") == 0);
}
