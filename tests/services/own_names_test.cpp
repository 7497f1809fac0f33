// What is Tenure's own, and what an organization may be called: no client writes to the one, or makes the other.
#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TwoOrganizations;

const std::string to_own = "/v1/orgs/_tenure/events";

std::string said_by_system(const std::string& type, const std::string& data) {
  return R"({"type":")" + type + R"(","actor":{"kind":"system","id":"x"},"reason":"it was wrong","data":)" + data + "}";
}

}  // namespace

TEST_CASE("nothing that a client sends goes into what is Tenure's own, and the writer goes on") {
  TwoOrganizations org;
  const json own = org.program.get(to_own).json();
  const auto newest = own.at("position").get<std::uint64_t>();
  // A retraction of the very position that it would get, and of one that is not there yet.
  for (const std::uint64_t position : {newest + 1, newest + 2, newest + 100, std::uint64_t{1}}) {
    const std::string data = "{\"position\":" + std::to_string(position) + "}";
    org.refuse({"a retraction",
                "POST",
                to_own,
                said_by_system("event.retracted", data),
                {},
                403,
                "forbidden",
                "org",
                "Tenure's own"});
  }
  org.refuse(
      {"a member", "POST", to_own, TwoOrganizations::event("zoe"), {}, 403, "forbidden", "org", "POST /v1/tokens"});
  org.refuse(
      {"an end", "POST", to_own, said_by_system("org.deleted", "{}"), {}, 403, "forbidden", "org", "Tenure's own"});
  const std::string line = R"({"_document_id":"1","@timestamp":1700000000000,"actor":"ana","org":"_tenure",)"
                           R"("action":"org.add_member","user":"zoe"})";
  org.refuse({"an import",
              "POST",
              "/v1/orgs/_tenure/import?format=github-audit",
              line,
              {},
              403,
              "forbidden",
              "org",
              "Tenure's own"});
  CHECK(org.program.get(to_own).json().at("items") == own.at("items"));
  CHECK(org.program.post("/v1/orgs/acme/events", TwoOrganizations::event("zoe")).status == 201);
}

TEST_CASE("an import makes no organization of a name that could not be created") {
  TwoOrganizations org;
  for (const char* name : {"_x", "a b", "a/b", "a?b", "100%", ".."}) {
    const std::string line = R"({"_document_id":"1","@timestamp":1700000000000,"actor":"ana","org":")" +
                             std::string(name) + R"(","action":"org.add_member","user":"zoe"})";
    const auto answer = org.program.post("/v1/orgs/" + test::percent(name) + "/import?format=github-audit", line);
    INFO(name << ": " << answer.body);
    CHECK((answer.status == 400 || answer.status == 404));
  }
  CHECK(org.program.get("/v1/orgs").json().at("total") == 2);
}

TEST_CASE("what belongs to no organization has no members, and says where it can be read") {
  TwoOrganizations org;
  for (const char* of : {"members", "groups", "roles", "who-can?permission=billing", "findings"}) {
    const auto answer = org.program.get("/v1/orgs/_tenure/" + std::string(of));
    INFO(of << ": " << answer.body);
    CHECK(answer.status == 404);
    CHECK(answer.json().at("detail").get<std::string>().find("/events") != std::string::npos);
  }
}

TEST_CASE("an organization created again with its Idempotency-Key gets the first answer") {
  test::RunningProgram program;
  const std::string body = R"({"id":"o","model":"github","mode":"observe","owner":"ana"})";
  const auto first = program.post("/v1/orgs", body, {"Idempotency-Key: once"});
  CHECK(first.status == 201);
  const auto again = program.post("/v1/orgs", body, {"Idempotency-Key: once"});
  CHECK(again.status == 201);
  CHECK(again.json() == first.json());
  CHECK(program.post("/v1/orgs", body).status == 409);
  CHECK(program.post("/v1/orgs", R"({"id":"p","model":"github","mode":"observe"})", {"Idempotency-Key: once"}).status ==
        409);
}

TEST_CASE("what was refused in mode enforce is recorded by whose token asked for it") {
  TwoOrganizations org;
  const std::string denied =
      R"({"type":"member.added","actor":{"kind":"member","id":"mallory"},"data":{"member":"eve"}})";
  CHECK(org.program.post("/v1/orgs/gate/events", denied).status == 403);
  const json events = org.program.get("/v1/orgs/gate/events?type=action.denied").json().at("items");
  REQUIRE(events.size() == 1);
  const json others = org.program.get("/v1/orgs/acme/events").json().at("items");
  CHECK(events[0].at("recorded_by").at("principal") == others.back().at("recorded_by").at("principal"));
}

TEST_CASE("a list of events of a time before the history says so, and an unknown type is refused") {
  TwoOrganizations org;
  const json before = org.program.get("/v1/orgs/acme/events?from=1990-01-01T00:00:00Z&to=1991-01-01T00:00:00Z").json();
  CHECK(before.at("items").empty());
  CHECK(before.at("before_history") == true);
  CHECK_FALSE(org.program.get("/v1/orgs/acme/events").json().at("before_history").get<bool>());
  org.refuse({"an unknown type",
              "GET",
              "/v1/orgs/acme/events?type=member.role_change",
              {},
              {},
              400,
              "unknown_type",
              "type",
              "is not an event type"});
}

TEST_CASE("an organization of one's own that is called demo keeps the program from nothing") {
  test::TemporaryFolder folder;
  test::RunningOptions options;
  options.folder = folder.path();
  {
    test::RunningProgram program(options);
    REQUIRE(program.post("/v1/orgs", R"({"id":"demo","model":"github","mode":"observe"})").status == 201);
  }
  options.demo = true;
  test::RunningProgram program(options);
  CHECK(program.get("/v1/orgs/demo/events").json().at("items").size() == 1);
}
