// Findings from the command line: listed, closed and reopened; rules of duties stated, listed and removed.
#include <nlohmann/json.hpp>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

// An organization of which ann and bob are members, ann the owner.
std::string line(const std::string& id, const std::string& action, const std::string& more) {
  return R"({"_document_id":")" + id + R"(","@timestamp":170000000)" + id + R"(000,"action":")" + action +
         R"(","actor":"ann","org":"acme")" + more + "}\n";
}
const std::string history = line("1", "org.create", "") +
                            line("2", "org.add_member", R"(,"user":"ann","permission":"admin")") +
                            line("3", "org.add_member", R"(,"user":"bob","permission":"read")");

}  // namespace

TEST_CASE("a finding is closed from the command line with its reason, listed as closed, and reopened") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const std::string raise = R"({"type":"member.role_changed","actor":{"kind":"member","id":"bob"},)"
                            R"("data":{"member":"bob","role":"owner"}})";
  REQUIRE(serve.run({"append", "acme", "-"}, raise).code == exit_ok);
  const Ran found = serve.run({"--json", "findings", "acme", "--kind", "rule_violation", "--status", "open"});
  REQUIRE(found.code == exit_ok);
  std::string id;
  const json whole = json::parse(found.out);
  for (const json& item : whole.at("items")) {
    if (item.value("member", "") == "bob") id = item.at("id").get<std::string>();
  }
  REQUIRE_FALSE(id.empty());
  says(serve.run({"findings", "acme"}).out, "open  rule_violation  member bob");
  CHECK(serve.run({"findings", "close", "acme", id}).code == exit_usage);
  const Ran closed = serve.run({"findings", "close", "acme", id, "--reason", "agreed on the phone"});
  CHECK(closed.code == exit_ok);
  says(closed.out, "Closed at position ");
  says(serve.run({"findings", "acme", "--status", "closed"}).out, "agreed on the phone");
  const Ran again = serve.run({"findings", "close", "acme", id, "--reason", "agreed"});
  CHECK(again.code == exit_refused);
  says(again.err, "closed already");
  CHECK(serve.run({"findings", "reopen", "acme", id}).code == exit_ok);
  says(serve.run({"findings", "acme", "--kind", "rule_violation"}).out, "open  rule_violation  member bob");
  CHECK(serve.run({"findings"}).code == exit_usage);
}

TEST_CASE("rules of duties are stated, listed and removed from the command line") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const Ran stated = serve.run({"sod-rules", "add", "acme", "apart", "--first", "organization", "--second",
                                "repository", "--second-level", "write", "--reason", "four eyes"});
  INFO(stated.err);
  CHECK(stated.code == exit_ok);
  const Ran listed = serve.run({"sod-rules", "list", "acme"});
  CHECK(listed.code == exit_ok);
  says(listed.out, "apart");
  says(listed.out, "repository (write)");
  says(listed.out, "four eyes");
  says(serve.run({"findings", "acme", "--kind", "duties_not_separated"}).out, "member ann, rule apart");
  const Ran wrong =
      serve.run({"sod-rules", "add", "acme", "other", "--first", "none", "--second", "repository", "--reason", "x"});
  CHECK(wrong.code == exit_refused);
  says(wrong.err, "it has repository, organization");
  CHECK(serve.run({"sod-rules", "remove", "acme", "apart", "--reason", "not needed"}).code == exit_ok);
  CHECK(json::parse(serve.run({"--json", "sod-rules", "list", "acme"}).out).at("total") == 0);
  CHECK(serve.run({"sod-rules"}).code == exit_usage);
}
