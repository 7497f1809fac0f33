// The program as a user has it: what each command prints, and its exit codes.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

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

std::string audit_line(const std::string& id, const std::string& action, const std::string& more) {
  return R"({"_document_id":")" + id + R"(","@timestamp":1700000000000,"action":")" + action +
         R"(","actor":"ana","org":"acme")" + (more.empty() ? "" : "," + more) + "}\n";
}

const std::string history =
    audit_line("1", "org.create", "") + audit_line("2", "org.add_member", R"("user":"ana","permission":"admin")") +
    audit_line("3", "org.add_member", R"("user":"bob","permission":"read")") +
    audit_line("4", "repo.add_member", R"("user":"bob","repo":"acme/site","permission":"write")");

}  // namespace

TEST_CASE("an imported history answers who could write, and an import again adds nothing") {
  RunningServe serve;
  const Ran first = serve.run({"import", "-"}, "\n" + history);
  CHECK(first.code == exit_ok);
  CHECK(first.err.empty());
  says(first.out, "acme: 5 lines, 4 events recorded");
  const Ran again = serve.run({"--json", "import", "--org", "acme", "-"}, history);
  CHECK(again.code == exit_ok);
  CHECK(json::parse(again.out).at("events") == 0);

  const Ran who = serve.run({"who-can", "acme", "repository", "write", "--resource", "repo:acme/site"});
  CHECK(who.code == exit_ok);
  says(who.out, "ana     admin");
  says(who.out, "bob     write");
  says(who.out, "2 members, as of ");
  const Ran named = serve.run({"--json", "who-can", "--org", "acme", "repository", "--level", "admin"});
  CHECK(named.code == exit_ok);
  const json rows = json::parse(named.out).at("items");
  CHECK(rows.size() == 1);
  CHECK(rows.at(0).at("member") == "ana");
  const Ran why = serve.run({"who-can", "acme", "repository", "write", "--resource", "repo:acme/site", "--explain"});
  says(why.out, "by ana");

  CHECK(serve.run({"can", "acme", "bob", "repository", "write", "--resource", "repo:acme/site"}).code == exit_ok);
  const Ran no = serve.run({"can", "acme", "bob", "repository", "admin", "--resource", "repo:acme/site"});
  CHECK(no.code == exit_no);
  CHECK(no.out.starts_with("no: "));
  const Ran before = serve.run({"members", "acme", "--at", "2001-01-01T00:00:00Z"});
  says(before.out, "!! This asks about a time before the history");
}

TEST_CASE("lines that an import refuses are named and change the exit code") {
  RunningServe serve;
  const Ran ran = serve.run({"import", "-"},
                            history + "{\"action\":\n" + audit_line("5", "org.remove_member", R"("user":["bob"])"));
  CHECK(ran.code == exit_refused);
  says(ran.out, "4 events recorded");
  says(ran.err, "tenure: line 5: ");
  says(ran.err, "tenure: line 6: \"user\"");
  const Ran nameless = serve.run({"import", "-"}, "not json\n");
  CHECK(nameless.code == exit_usage);
  says(nameless.err, "--org");
  for (const std::string& array :
       {"[" + audit_line("9", "org.add_member", R"("user":"eve")"), std::string("[\n{}\n]\n")}) {
    const Ran of_array = serve.run({"import", "-"}, array);
    CHECK(of_array.code == exit_usage);
    says(of_array.err, "one JSON object a line");
  }
  const Ran marked = serve.run({"import", "-"}, "\xef\xbb\xbf" + audit_line("9", "org.add_member", R"("user":"eve")"));
  CHECK(marked.code == exit_ok);
  says(marked.out, "1 events recorded");
  CHECK(serve.run({"import", "/nowhere/at/all"}).code == exit_failed);
}

TEST_CASE("a word that is no command is named") {
  RunningServe serve;
  const Ran ran = serve.run({"frobnicate"});
  CHECK(ran.code == exit_usage);
  says(ran.err, "\"frobnicate\"");
}

TEST_CASE("appended events are shown with their verdicts, as one object or a line each") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const std::string event = R"({"id":"e1","type":"member.added","actor":{"kind":"member","id":"ana"},)"
                            R"("data":{"member":"eve","role":"member"}})";
  const Ran one = serve.run({"append", "acme", "-", "--if-match", "4", "--idempotency-key", "k"}, event);
  CHECK(one.code == exit_ok);
  says(one.out, "allowed");
  const std::string lines =
      R"({"id":"e2","type":"member.removed","actor":{"kind":"member","id":"ana"},"data":{"member":"eve"}})"
      "\n"
      R"({"id":"e3","type":"member.added","actor":{"kind":"member","id":"ana"},"data":{"member":"zoe"}})"
      "\n";
  CHECK(serve.run({"append", "acme", "-"}, lines).code == exit_ok);
  const Ran stale =
      serve.run({"append", "acme", "-", "--if-match", "4"},
                R"({"type":"member.removed","actor":{"kind":"member","id":"ana"},"data":{"member":"bob"}})");
  CHECK(stale.code == exit_refused);
  says(stale.err, "version_conflict");
  const Ran bad =
      serve.run({"append", "acme", "-"},
                R"([{"type":"no.such"},{"type":"member.removed","actor":{"kind":"member","id":"ana"},"data":{}}])");
  CHECK(bad.code == exit_refused);
  says(bad.err, "event 1 /data/member");
  const Ran events = serve.run({"events", "acme", "--type", "member.removed"});
  says(events.out, "member.removed");
  CHECK(std::count(events.out.begin(), events.out.end(), '\n') == 2);
}

TEST_CASE("what a terminal would obey is not printed") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const Ran ran = serve.run({"can", "acme", "x\x1b[31m", "repository"});
  CHECK(ran.code != exit_ok);
  CHECK(ran.err.find('\x1b') == std::string::npos);
}

TEST_CASE("lists are followed page by page to the end, and a limit is the most that is shown") {
  RunningServe serve;
  std::string lines = audit_line("1", "org.create", "");
  for (int i = 0; i < 1234; ++i) {
    lines += audit_line("m" + std::to_string(i), "org.add_member",
                        R"("user":"user-)" + std::to_string(i) + R"(","permission":"read")");
  }
  REQUIRE(serve.run({"import", "-"}, lines).code == exit_ok);
  CHECK(json::parse(serve.run({"--json", "members", "acme"}).out).at("items").size() == 1234);
  CHECK(json::parse(serve.run({"--json", "members", "acme", "--limit", "1100"}).out).at("items").size() == 1100);
  const Ran first_seven = serve.run({"--json", "events", "acme", "--limit", "7"});
  const json seven = json::parse(first_seven.out);
  CHECK(seven.at("items").size() == 7);
  CHECK(seven.at("before_history") == false);
  CHECK(first_seven.err.find("these are the first 7; there are more") != std::string::npos);
  CHECK(serve.run({"--json", "events", "acme", "--limit", "1000000"}).err.empty());
}

TEST_CASE("models are listed and shown as roles by permissions") {
  RunningServe serve;
  says(serve.run({"models"}).out, "github");
  const Ran shown = serve.run({"models", "show", "github"});
  CHECK(shown.code == exit_ok);
  says(shown.out, "Repository access");
  says(shown.out, "Maintain");
  says(serve.run({"models"}).out, "cx-modules");
  const Ran matrix = serve.run({"models", "show", "ccai"});
  says(matrix.out, "App Owner");
  says(matrix.out, "CUSTOM ROLES");
  says(matrix.out, "Agent & Supervisor Experience > Monitor Console");
  says(matrix.out, "Nobody deletes their own account.");
  says(matrix.out, "yes (where assigned)");
  const json shape = json::parse(serve.run({"--json", "models", "show", "ccai"}).out);
  CHECK(shape.at("permissions").size() == 102);
  CHECK(shape.at("roles").size() == 5);
  const json document = json::parse(serve.run({"models", "show", "ccai", "--document"}).out);
  CHECK(document.at("kept_when_disabled") == json::array({"change_user_role"}));
  const Ran unknown = serve.run({"models", "show", "no such"});
  CHECK(unknown.code == exit_refused);
  says(unknown.err, "unknown_model");
}

TEST_CASE("what a model lets slip is told step by step") {
  RunningServe serve;
  const Ran ran = serve.run({"models", "analyse", "newo"});
  CHECK(ran.code == exit_ok);
  says(ran.out, "viewer to technical_owner, gaining 3 permissions");
  says(ran.out, "as viewer: member.role_changed, giving oneself technical_owner (rule role_assigners_assign)");
  says(ran.out, "owner, account_manager grant the same");
  says(serve.run({"models", "analyse", "answering-agent"}).out, "nobody");
  const json analysis = json::parse(serve.run({"--json", "models", "analyse", "ccai"}).out);
  CHECK(analysis.at("held_by_nobody").size() == 2);
  CHECK(serve.run({"models", "analyse", "none"}).code == exit_refused);
  CHECK(serve.run({"models", "show", "newo", "--model-version", "0"}).code == exit_refused);
}

TEST_CASE("a token does what its scope allows until it is revoked, and its secret is printed alone") {
  RunningServe serve({"--demo"});
  const Ran made = serve.run({"token", "create", "--principal", "auditor", "--scope", "read"});
  REQUIRE(made.code == exit_ok);
  CHECK(made.out.starts_with("tnr_"));
  const std::string secret = made.out.substr(0, made.out.find('\n'));
  CHECK(serve.run({"--token", secret, "members", "demo"}).code == exit_ok);
  CHECK(serve.run({"--token", secret, "token", "list"}).code == exit_forbidden);
  const json tokens = json::parse(serve.run({"--json", "token", "list"}).out).at("items");
  const auto found =
      std::find_if(tokens.begin(), tokens.end(), [](const json& t) { return t.at("principal") == "auditor"; });
  REQUIRE(found != tokens.end());
  CHECK(serve.run({"token", "revoke", found->at("token").get<std::string>()}).code == exit_ok);
  const Ran after = serve.run({"--token", secret, "members", "demo"});
  CHECK(after.code == exit_forbidden);
  says(after.err, "unauthenticated");
}

TEST_CASE("the first start leaves an admin token that only its owner can read, and SIGTERM ends well") {
  RunningServe serve;
  struct stat about {};
  REQUIRE(::stat((serve.folder() + "/admin.token").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  const Ran without = run_tenure({"--url", serve.url(), "members", "demo", "--data", "/nowhere"});
  CHECK(without.code == exit_forbidden);
  says(without.err, "TENURE_TOKEN");
  CHECK(serve.stop() == exit_ok);
  const Ran gone = run_tenure({"--url", serve.url(), "--token", "t", "members", "demo"});
  CHECK(gone.code == exit_unreachable);
  says(gone.err, "tenure serve");
}

TEST_CASE("a stopped store is rebuilt and verified, and one in use is left alone") {
  RunningServe serve({"--demo"});
  const Ran in_use = run_tenure({"verify", "--data", serve.folder()});
  CHECK(in_use.code == exit_failed);
  CHECK_FALSE(in_use.err.empty());
  REQUIRE(serve.stop() == exit_ok);
  CHECK(run_tenure({"rebuild", "--data", serve.folder()}).code == exit_ok);
  const Ran verified = run_tenure({"--json", "verify", "--data", serve.folder()});
  CHECK(verified.code == exit_ok);
  CHECK(json::parse(verified.out).at("ok") == true);
}

TEST_CASE("a log with parts beside it is verified with them and does not wait for itself") {
  RunningServe serve;
  json model = json::parse(R"({"id": "large", "scales": {"yes_no": ["no", "yes"]}, "permissions": [],
                               "roles": [{"id": "one", "name": "One"}]})");
  for (int i = 0; i < 1000; ++i) {
    model["permissions"].push_back(
        {{"id", "p" + std::to_string(i)}, {"name", "P"}, {"module", "M"}, {"scale", "yes_no"}});
  }
  const std::string file = serve.folder() + "/large.json";
  std::ofstream(file) << model.dump();
  REQUIRE(serve.run({"models", "publish", file}).code == exit_ok);
  REQUIRE(serve.stop() == exit_ok);
  const Ran verified = run_tenure({"--json", "verify", "--data", serve.folder()});
  CHECK(verified.code == exit_ok);
  CHECK(json::parse(verified.out).at("ok") == true);
}

TEST_CASE("what changed, what touched a member, what they have and what deserves a look are told with their events") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const std::vector<std::string> span{"--from", "2023-11-01T00:00:00Z", "--to", "2023-12-01T00:00:00Z"};
  std::vector<std::string> changes{"diff", "acme", "--member", "bob"};
  changes.insert(changes.end(), span.begin(), span.end());
  const Ran diff = serve.run(changes);
  CHECK(diff.code == exit_ok);
  says(diff.out, "role.granted at position ");
  says(diff.out, "gave 1 member repository (write) on repo:acme/site");
  says(diff.out, "!! This asks about a time before the history");
  changes.insert(changes.end(), {"--by", "change"});
  says(serve.run(changes).out, "MEMBER  CHANGE  PERMISSION");
  CHECK(serve.run({"diff", "acme"}).code == exit_refused);

  const Ran story = serve.run({"timeline", "acme", "--member", "bob"});
  CHECK(story.code == exit_ok);
  says(story.out, "member.added at position ");
  says(story.out, "gave 1 member repository (write)");
  const Ran card = serve.run({"member", "acme", "bob"});
  CHECK(card.code == exit_ok);
  says(card.out, "bob: active, role member");
  says(card.out, "role write on repo:acme/site by role.granted");
  says(card.out, "Repository access");
  const Ran findings = serve.run({"findings", "acme"});
  CHECK(findings.code == exit_ok);
  says(findings.out, " findings, position ");
  const Ran no = serve.run({"can", "acme", "bob", "repository", "admin", "--explain"});
  CHECK(no.code == exit_no);
  says(no.out, "give a role that has that level: ");
}

TEST_CASE("what was only found so is marked wherever a table tells since when or by which event") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const json found{{"type", "member.added"},
                   {"actor", {{"kind", "system"}, {"id", "sync"}}},
                   {"occurred_at", "2024-01-05T00:00:00Z"},
                   {"basis", "baseline"},
                   {"data", {{"member", "eve"}, {"role", "owner"}}}};
  REQUIRE(serve.run({"append", "acme", "-"}, found.dump()).code == exit_ok);
  const std::string mark = "2024-01-05T00:00:00Z (found so)";
  const std::vector<std::vector<std::string>> asked{
      {"members", "acme"},
      {"member", "acme", "eve"},
      {"events", "acme"},
      {"timeline", "acme", "--member", "eve"},
      {"diff", "acme", "--member", "eve", "--from", "2024-01-01T00:00:00Z", "--to", "2024-01-06T00:00:00Z"},
      {"who-can", "acme", "repository", "--explain"}};
  for (const auto& command : asked) {
    INFO(command.front());
    says(serve.run(command).out, mark);
  }
  const Ran over = serve.run(
      {"who-can", "acme", "repository", "--from", "2024-01-01T00:00:00Z", "--to", "2024-01-06T00:00:00Z", "--explain"});
  says(over.out, "] (found so) to now");
  const Ran no = serve.run({"can", "acme", "eve", "repository", "--at", "2024-01-04T00:00:00Z"});
  CHECK(no.code == exit_no);
  says(no.out, "they were found to be a member on 2024-01-05T00:00:00Z, and since when is unknown");
}

TEST_CASE("a timeline tells what a retraction retracts, and what that does to effective access") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const json story = json::parse(serve.run({"--json", "timeline", "acme", "--member", "bob"}).out);
  std::string granted;
  for (const json& item : story.at("items")) {
    if (item.at("event").at("type") == "role.granted") granted = item.at("event").at("position").dump();
  }
  const json retraction{{"type", "event.retracted"},
                        {"actor", {{"kind", "system"}, {"id", "sync"}}},
                        {"reason", "it was another person"},
                        {"data", {{"position", json::parse(granted)}}}};
  REQUIRE(serve.run({"append", "acme", "-"}, retraction.dump()).code == exit_ok);
  const Ran told = serve.run({"timeline", "acme", "--member", "bob"});
  CHECK(told.code == exit_ok);
  says(told.out, "event.retracted at position ");
  says(told.out, "counts no more: role.granted at position " + granted);
  says(told.out, "took repository on repo:acme/site from 1 member");
}

TEST_CASE("verify and rebuild say that there is no store where there is none, and make none") {
  const RunningServe serve;
  // The slip that it is made for: the store's own folder, where the data folder belongs.
  const std::string slip = serve.folder() + "/store";
  for (const char* command : {"verify", "rebuild"}) {
    const Ran ran = run_tenure({command, "--data", slip});
    CHECK(ran.code == exit_failed);
    CHECK(ran.out.empty());
    says(ran.err, "there is no store in " + slip);
    CHECK_FALSE(std::filesystem::exists(slip + "/store"));
  }
}

TEST_CASE("organizations, groups and roles are listed, and any whole list goes out as CSV or JSON lines") {
  RunningServe serve({"--demo"});
  says(serve.run({"orgs"}).out, "demo");
  says(serve.run({"groups", "demo"}).out, "backend");
  says(serve.run({"groups", "demo", "backend", "--at", "2023-06-01T00:00:00Z"}).out, "MEMBER");
  says(serve.run({"roles", "demo"}).out, "repository=maintain");
  const json members = json::parse(serve.run({"--json", "members", "demo"}).out).at("items");
  const Ran lines = serve.run({"--ndjson", "members", "demo"});
  CHECK(lines.code == exit_ok);
  json rows = json::array();
  std::istringstream in(lines.out);
  for (std::string line; std::getline(in, line);) rows.push_back(json::parse(line));
  CHECK(rows == members);
  const Ran csv = serve.run({"--csv", "events", "demo"});
  CHECK(csv.code == exit_ok);
  CHECK(csv.out.starts_with("position,version,type,"));
  CHECK(serve.run({"--csv", "orgs"}).out.starts_with("id,model,"));
  CHECK(serve.run({"--csv", "models", "list"}).out.starts_with("id,version,title"));
  const Ran cut = serve.run({"--csv", "events", "demo", "--limit", "3"});
  CHECK(cut.code == exit_usage);
  says(cut.err, "leave --limit out");
  const Ran no_list = serve.run({"--ndjson", "can", "demo", "ana@demo.test", "repository"});
  CHECK(no_list.code == exit_usage);
  says(no_list.err, "are for lists");
  CHECK(serve.run({"--csv", "members", "nowhere"}).code != exit_ok);
}

TEST_CASE("can at a time before the history is no no: it says that it is unknown, with an exit code of its own") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const std::vector<std::string> asked{"can", "acme", "bob", "repository", "--at", "2001-01-01T00:00:00Z"};
  const Ran early = serve.run(asked);
  CHECK(early.code == exit_unknown);
  CHECK(exit_unknown != exit_no);
  says(early.out, "unknown: nothing is known of that time");
  says(early.out, "!! This asks about a time before the history");
  std::vector<std::string> as_json{"--json"};
  as_json.insert(as_json.end(), asked.begin(), asked.end());
  CHECK(serve.run(as_json).code == exit_unknown);
  CHECK(serve.run({"can", "acme", "bob", "repository", "admin", "--resource", "repo:acme/site"}).code == exit_no);
  says(serve.run({"--help"}).out, "8  nothing is known of that time");
  says(serve.run({"can", "--help"}).out, "8 for a time before the history");
}

TEST_CASE("rows of a time before the history say on standard error that none does not mean nobody") {
  RunningServe serve;
  REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
  const std::string early = "2001-01-01T00:00:00Z", later = "2002-01-01T00:00:00Z";
  const std::vector<std::vector<std::string>> lists{
      {"who-can", "acme", "repository", "--at", early},
      {"who-can", "acme", "repository", "--from", early, "--to", later},
      {"members", "acme", "--at", early},
      {"groups", "acme", "--at", early},
      {"roles", "acme", "--at", early},
      {"findings", "acme", "--at", early},
      {"sod-rules", "list", "acme", "--at", early},
      {"timeline", "acme", "--member", "bob", "--at", early},
      {"diff", "acme", "--from", early, "--to", later},
  };
  const std::string told =
      "!! This asks about a time before the history, which begins 2023-11-14T22:13:20Z: "
      "nothing is known of it, which does not mean nobody.\n";
  for (const std::vector<std::string>& list : lists) {
    INFO(list.front());
    says(serve.run(list).out, told);
    for (const std::string form : {"--csv", "--ndjson"}) {
      std::vector<std::string> streamed{form};
      streamed.insert(streamed.end(), list.begin(), list.end());
      const Ran ran = serve.run(streamed);
      CHECK(ran.code == exit_ok);
      CHECK(ran.err == told);
    }
  }
  CHECK(serve.run({"--csv", "members", "acme"}).err.empty());
}
