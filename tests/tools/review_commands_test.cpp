// Access reviews and reports from the command line, from the definition to the signed file.
#include <filesystem>

#include "tests/tools/acme_under_review.h"

using namespace tenure;
using namespace tenure::test;

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
  const std::string defined = acme.run({"reviews", "define", "acme", "--shipped", "quarterly-basics"});
  says(defined, "Defined at position ");
  says(defined, ", runs next at ");
  says(defined, "Note: opened now, it would be refused: nobody may be asked about 1 of ");
  says(defined, "--fallback");
  // The only owner does not review herself, and nobody else gave her the role.
  CHECK(acme.ask({"reviews", "open", "acme", "quarterly-basics", "--dry-run"}).at("without_reviewer") == 1);
  says(acme.refused({"reviews", "open", "acme", "quarterly-basics"}), "(of ann)");
  says(acme.run({"reviews", "define", "--shipped", "quarterly-basics", "--reviewer", "cy", "--reviewer", "di", "acme",
                 "--fallback", "bob"}),
       "Note: nobody here is known as \"cy\"");
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
  const std::string position = acme.ask({"events", "acme"}).at("items").back().at("position").dump();
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
  // What is refused leaves the file as it was, or leaves none.
  acme.refused({"reports", "show", "acme", "none", "--format", "pdf", "--out", acme.in_folder("r1.pdf")});
  CHECK(whole(acme.in_folder("r1.pdf")).starts_with("%PDF-"));
  acme.refused({"reports", "show", "acme", "none", "--out", acme.in_folder("none.json")});
  CHECK_FALSE(std::filesystem::exists(acme.in_folder("none.json")));
  CHECK_FALSE(std::filesystem::exists(acme.in_folder("none.json.part")));
  says(acme.refused({"reports", "show", "acme", "none"}), "lists them");
  says(acme.refused({"reports", "make", "acme", "--definition", "none"}), "whose purpose is access_report");
  CHECK(acme.serve.run({"reports"}).code == exit_usage);
}
