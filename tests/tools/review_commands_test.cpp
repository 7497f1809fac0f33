// Access reviews and reports from the command line, from the definition to the signed file.
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

void says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
}

std::string whole(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// A server with an organization of ann, its owner, and bob, who may also write in one repository.
class Acme {
 public:
  Acme() {
    const std::string history = line("1", "org.create", "") +
                                line("2", "org.add_member", R"(,"user":"ann","permission":"admin")") +
                                line("3", "org.add_member", R"(,"user":"bob","permission":"read")");
    REQUIRE(serve.run({"import", "-"}, history).code == exit_ok);
    const json grant{{"type", "role.granted"},
                     {"actor", {{"kind", "member"}, {"id", "ann"}}},
                     {"data", {{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:acme/web"}}}};
    REQUIRE(serve.run({"append", "acme", "-"}, grant.dump()).code == exit_ok);
  }

  // What the command prints; it must do well.
  std::string run(const std::vector<std::string>& arguments, const std::string& in = {}) {
    const Ran ran = serve.run(arguments, in);
    INFO(ran.out << ran.err);
    REQUIRE(ran.code == exit_ok);
    return ran.out;
  }
  json ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--json");
    return json::parse(run(arguments));
  }
  // What a command that does not do well says.
  std::string refused(const std::vector<std::string>& arguments, int code = exit_refused) {
    const Ran ran = serve.run(arguments);
    INFO(ran.out << ran.err);
    CHECK(ran.code == code);
    return ran.err;
  }

  void define(const std::string& id) {
    const json stage{{"reviewers", {{{"kind", "holders_of"}, {"role", "owner"}}}}, {"fallback", {"bob"}}};
    const json definition{{"id", id}, {"name", "Quarterly"}, {"stages", {stage}}};
    says(run({"reviews", "define", "acme", "--file", "-", "--reason", "policy 7"}, definition.dump()),
         "Defined at position ");
  }

  void decide(const std::string& review, const std::string& kind, const std::string& member,
              const std::string& decision, const std::string& reviewer) {
    const json all = ask({"reviews", "items", "acme", review});
    for (const json& item : all.at("items")) {
      if (item.at("kind") != kind || item.at("member") != member) continue;
      says(run({"reviews", "decide", "acme", review, item.at("item").get<std::string>(), decision, "--state",
                item.at("state").get<std::string>(), "--reviewer", reviewer, "--reason", "looked at"}),
           "Decided at position ");
      return;
    }
    FAIL("no such item");
  }

  std::string in_folder(const std::string& name) const { return serve.folder() + "/" + name; }

  RunningServe serve;

 private:
  static std::string line(const std::string& id, const std::string& action, const std::string& more) {
    return R"({"_document_id":")" + id + R"(","@timestamp":170000000)" + id + R"(000,"action":")" + action +
           R"(","actor":"ann","org":"acme")" + more + "}\n";
  }
};

}  // namespace

TEST_CASE("an access review is defined, opened, decided and closed from the command line, and leaves its tasks") {
  Acme acme;
  acme.define("q");
  says(acme.run({"reviews", "definitions", "acme"}), "q           Quarterly  review");
  const std::string would = acme.run({"reviews", "open", "acme", "q", "--dry-run"});
  says(would, "with 3 items, of which 0 have nobody to ask");
  says(would, "ann  2 items");
  CHECK(acme.ask({"reviews", "list", "acme"}).at("total") == 0);
  says(acme.run({"reviews", "open", "acme", "q", "--id", "q1"}), "Opened q1 with 3 items, due ");
  const std::string shown = acme.run({"reviews", "show", "acme", "q1"});
  says(shown, "open 3, decided 0, carried over 0, ended 0");
  says(shown, "waits for ann: 2");
  says(shown, "waits for bob: 1");
  says(acme.run({"reviews", "items", "acme", "q1", "--reviewer", "ann"}), "write on repo:acme/web");
  acme.decide("q1", "grant", "bob", "revoke", "ann");
  acme.decide("q1", "role", "bob", "keep", "ann");
  acme.decide("q1", "role", "ann", "keep", "bob");
  says(acme.run({"reviews", "items", "acme", "q1", "--status", "open"}), "0 items");
  says(acme.run({"reviews", "close", "acme", "q1", "--reason", "all is said"}), "Recorded at position ");
  says(acme.run({"reviews", "list", "acme", "--status", "ended"}), "q1");
  CHECK(acme.ask({"reviews", "show", "acme", "q1"}).at("outcomes").at("revoke") == 1);
  says(acme.run({"reviews", "tasks", "acme", "q1"}), "bob     write on repo:acme/web  revoke   open");
  const std::string revoked = R"({"type":"role.revoked","actor":{"kind":"member","id":"ann"},)"
                              R"("data":{"principal":"member:bob","role":"write","on":"repo:acme/web"}})";
  acme.run({"append", "acme", "-"}, revoked);
  CHECK(acme.ask({"reviews", "tasks", "acme", "q1", "--status", "open"}).at("total") == 0);
  CHECK(acme.ask({"reviews", "tasks", "acme", "q1", "--status", "done"}).at("total") == 1);
}

TEST_CASE("the quarterly basics are defined from the command line, with whom to ask, and opened") {
  Acme acme;
  says(acme.run({"reviews", "shipped", "acme"}), "quarterly-basics");
  says(acme.run({"reviews", "define", "acme", "--shipped", "quarterly-basics"}), "Defined at position ");
  // The only owner does not review herself, and nobody else gave her the role.
  CHECK(acme.ask({"reviews", "open", "acme", "quarterly-basics", "--dry-run"}).at("without_reviewer") == 1);
  says(acme.refused({"reviews", "open", "acme", "quarterly-basics"}), "(of ann)");
  says(acme.run({"reviews", "define", "--shipped", "quarterly-basics", "--reviewer", "cy", "--reviewer", "di", "acme",
                 "--fallback", "bob"}),
       "Defined at position ");
  says(acme.run({"reviews", "open", "acme", "quarterly-basics", "--id", "q1"}), "Opened q1 with 3 items, due ");
  const std::string shown = acme.run({"reviews", "show", "acme", "q1"});
  says(shown, "waits for cy: 3");
  says(shown, "waits for di: 3");
  says(acme.refused({"reviews", "define", "acme", "--shipped", "none"}), "lists those that do");
  acme.refused({"reviews", "define", "acme"}, exit_usage);
  acme.refused({"reviews", "define", "acme", "--shipped", "quarterly-basics", "--file", "x.json"}, exit_usage);
  says(acme.run({"reviews", "define", "--help"}), "quarterly-basics");
}

TEST_CASE("what a review does not allow is told by the command line with its exit code, and changes nothing") {
  Acme acme;
  says(acme.refused({"reviews", "open", "acme", "none"}), "GET /v1/orgs/acme/review-definitions lists them");
  says(acme.refused({"reviews", "define", "acme", "--file", acme.in_folder("none.json")}, exit_usage), "cannot read");
  CHECK(acme.serve.run({"reviews", "define", "acme", "--file", "-"}, "[]").code == exit_usage);
  CHECK(acme.serve.run({"reviews", "define", "acme", "--file", "-"}, R"({"id":"q"})").code == exit_refused);
  CHECK(acme.serve.run({"reviews"}).code == exit_usage);
  CHECK(acme.serve.run({"reviews", "items", "acme"}).code == exit_usage);
  acme.define("q");
  acme.run({"reviews", "open", "acme", "q", "--id", "q1"});
  const json item =
      acme.ask({"reviews", "items", "acme", "q1", "--member", "bob", "--kind", "grant"}).at("items").at(0);
  const std::string id = item.at("item").get<std::string>(), state = item.at("state").get<std::string>();
  acme.refused({"reviews", "decide", "acme", "q1", id, "keep", "--state", "another", "--reviewer", "ann"});
  says(acme.refused({"reviews", "decide", "acme", "q1", id, "keep", "--state", state, "--reviewer", "bob"},
                    exit_forbidden),
       "nobody decides about themselves");
  acme.refused({"reviews", "decide", "acme", "q1", "none", "keep", "--state", state, "--reviewer", "ann"});
  CHECK(acme.ask({"reviews", "show", "acme", "q1"}).at("progress").at("decided") == 0);
  acme.run({"reviews", "reassign", "acme", "q1", "--from", "bob", "--to", "cy", "--reason", "knows ann"});
  says(acme.run({"reviews", "show", "acme", "q1"}), "waits for cy: 1");
  says(acme.run({"reviews", "cancel", "acme", "q1", "--reason", "a mistake"}), "Recorded at position ");
  acme.refused({"reviews", "decide", "acme", "q1", id, "keep", "--state", state, "--reviewer", "ann"});
  acme.refused({"reviews", "close", "acme", "q1"});
  says(acme.run({"reviews", "withdraw", "acme", "q", "--reason", "another comes"}), "Withdrawn at position ");
  CHECK(acme.ask({"reviews", "definitions", "acme"}).at("total") == 0);
}

TEST_CASE("the report of a review is saved as a file in each format, the same each time for one position") {
  Acme acme;
  acme.define("q");
  acme.run({"reviews", "open", "acme", "q", "--id", "q1"});
  acme.decide("q1", "grant", "bob", "revoke", "ann");
  const std::string position = acme.ask({"events", "acme"}).back().at("position").dump();
  const std::vector<std::string> report{"reviews", "report", "acme", "q1"};
  const auto save = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> all = report;
    all.insert(all.end(), {"--out", acme.in_folder(name)});
    all.insert(all.end(), more.begin(), more.end());
    CHECK(acme.run(all).empty());
    return whole(acme.in_folder(name));
  };
  const std::string xlsx = save("q1.xlsx", {"--format", "xlsx", "--position", position});
  CHECK(xlsx.starts_with("PK\x03\x04"));
  const std::string pdf = save("q1.pdf", {"--format", "pdf", "--position", position});
  CHECK(pdf.starts_with("%PDF-"));
  CHECK(pdf.find("%%EOF") != std::string::npos);
  const json document = json::parse(save("q1.json", {"--position", position}));
  CHECK(document.at("title") == "Quarterly");
  CHECK(document.at("tables").at("items").size() == 3);
  says(acme.run({"reviews", "report", "acme", "q1", "--format", "csv", "--table", "decisions"}), "looked at");
  acme.run({"reviews", "close", "acme", "q1"});
  CHECK(save("again.xlsx", {"--format", "xlsx", "--position", position}) == xlsx);
  CHECK(save("again.pdf", {"--format", "pdf", "--position", position}) == pdf);
  CHECK(json::parse(save("again.json", {"--position", position})) == document);
  CHECK(json::parse(save("now.json", {})) != document);
  says(acme.refused({"reviews", "report", "acme", "q1", "--format", "odt"}), "must be json, csv, xlsx or pdf");
  says(acme.refused({"reviews", "report", "acme", "q1", "--format", "csv", "--table", "none"}), "it has ");
  says(acme.refused({"reviews", "report", "acme", "q1", "--out", acme.in_folder("none/q1.json")}, exit_usage),
       "cannot write");
}

TEST_CASE("a report on access is made, listed and saved from the command line without a review") {
  Acme acme;
  says(acme.run({"reports", "make", "acme", "--id", "r1", "--period-days", "30"}), "Made at position ");
  says(acme.run({"reports", "list", "acme"}), "r1");
  CHECK(acme.ask({"reports", "list", "acme"}).at("items").size() == 1);
  const json document = json::parse(acme.run({"reports", "show", "acme", "r1"}));
  CHECK(document.at("facts").at("population") == 3);
  says(acme.run({"reports", "show", "acme", "r1", "--format", "csv"}), "repo:acme/web");
  acme.run({"reports", "show", "acme", "r1", "--format", "xlsx", "--out", acme.in_folder("r1.xlsx")});
  CHECK(whole(acme.in_folder("r1.xlsx")).starts_with("PK\x03\x04"));
  acme.run({"reports", "show", "acme", "r1", "--format", "pdf", "--out", acme.in_folder("r1.pdf")});
  CHECK(whole(acme.in_folder("r1.pdf")).starts_with("%PDF-"));
  acme.refused({"reports", "make", "acme", "--id", "r1"});
  says(acme.refused({"reports", "show", "acme", "none"}), "lists them");
  says(acme.refused({"reports", "make", "acme", "--definition", "none"}), "whose purpose is access_report");
  CHECK(acme.serve.run({"reports"}).code == exit_usage);
}
