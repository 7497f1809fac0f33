// What is under review from the command line: the list with what the facts suggest, one item with everything, a dry run
// with every item, definitions as they were made.
#include <set>

#include "tests/tools/acme_under_review.h"

using namespace tenure;
using namespace tenure::test;

namespace {

json by_ann(const char* type, const json& data) {
  return {{"type", type}, {"actor", {{"kind", "member"}, {"id", "ann"}}}, {"reason", "asked for"}, {"data", data}};
}

const json grant{{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:acme/web"}};

// The grant is taken and given again: another hold of the same power.
void regranted(Acme& acme) {
  acme.run({"append", "acme", "-"}, json::array({by_ann("role.revoked", grant), by_ann("role.granted", grant)}).dump());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("one item is shown with what it gives, whence, what changed, what was said and what the facts suggest") {
  Acme acme;
  acme.define("q");
  acme.run({"reviews", "open", "acme", "q", "--id", "q1"});
  const std::string id = acme.item("q1", "grant", "bob").at("item").get<std::string>();
  const std::string fresh = acme.run({"reviews", "item", "acme", "q1", id});
  says(fresh, id + ": bob, write on repo:acme/web\n");
  says(fresh, "status              open\n");
  says(fresh, "outcome             none (open)\n");
  says(fresh, "reviewers           ann\n");
  says(fresh, "granted by          role.granted at position ");
  says(fresh, "last certified      never\n");
  says(fresh, "      write on repo:acme/web, by role.granted at position ");
  says(fresh, "since opened        nothing\n");
  says(fresh, "findings            none\n");
  says(fresh, "recommendation      ");
  says(fresh, "decisions           none\n");
  acme.decide("q1", "grant", "bob", "keep", "ann");
  says(acme.run({"reviews", "item", "acme", "q1", id}), "      keep by ann at ");
  acme.run({"reviews", "close", "acme", "q1"});
  acme.run({"reviews", "open", "acme", "q", "--id", "q2"});
  says(acme.run({"reviews", "item", "acme", "q2", id}),
       "last certified      in q1, unchanged since, by review.decided at ");
  acme.decide("q2", "grant", "bob", "revoke", "ann");
  regranted(acme);
  const std::string changed = acme.run({"reviews", "item", "acme", "q2", id});
  says(changed, "status              open, reopened: the hold has changed\n");
  says(changed, "state when opened   ");
  says(changed, "last certified      in q1, changed since, by review.decided at ");
  says(changed, "since certified     2 events\n");
  says(changed, "since opened        2 events\n      role.revoked at position ");
  says(changed, ", by ann");
  says(changed, "changed by          role.granted at position ");
  says(changed, ": looked at (does not count: the hold was another one, ");
  // The same as the server says it, for programs.
  const json raw = acme.ask({"reviews", "item", "acme", "q2", id});
  CHECK(raw.at("item") == id);
  CHECK(raw.at("touched_by").at("count") == 2);
  CHECK(raw.at("decisions").size() == 1);
  says(acme.refused({"reviews", "item", "acme", "q2", "none"}), "the review has no item \"none\"");
  acme.refused({"reviews", "item", "acme", "q2"}, exit_usage);
}

TEST_CASE("the list of items with --detail shows what the facts suggest, and is cut by member, kind and status") {
  Acme acme;
  acme.define("q");
  acme.run({"reviews", "open", "acme", "q", "--id", "q1"});
  const auto items = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"reviews", "items", "acme", "q1"});
    return acme.run(more);
  };
  const std::string plain = items({});
  CHECK(plain.find("SUGGESTION") == std::string::npos);
  const auto detail = lines_of(items({"--detail", "--by", "power"}));
  REQUIRE(detail.size() == 6);
  says(detail[0], "REVIEWERS");
  says(detail[0], "SUGGESTION  FINDINGS  CHANGES  CERTIFIED  BECAUSE");
  says(detail[3], "write on repo:acme/web");
  says(detail[3], "  never  ");
  says(items({"--member", "bob", "--kind", "role"}), "\n1 items\n");
  says(items({"--member", "bob", "--status", "decided", "--detail"}), "\n0 items\n");
  says(items({"--view", "changed"}), "\n0 items\n");
  const json whole = acme.ask({"reviews", "items", "acme", "q1", "--detail"});
  for (const json& item : whole.at("items")) CHECK(item.contains("recommendation"));
  CHECK_FALSE(acme.item("q1", "role", "bob").contains("recommendation"));
  says(acme.refused({"reviews", "items", "acme", "q1", "--kind", "power"}), "must be role, group, grant or invitation");
}

TEST_CASE("a dry run shows every item with its reviewers, however many there are, and opens nothing") {
  Acme acme;
  acme.grows_by(1'100);
  acme.define("q");
  const std::vector<std::string> dry_run{"reviews", "open", "acme", "q", "--dry-run"};
  const json whole = acme.ask(dry_run);
  CHECK(whole.at("total") == 1'103);
  CHECK_FALSE(whole.contains("next"));
  REQUIRE(whole.at("items").size() == 1'103);
  std::set<std::string> once;
  for (const json& item : whole.at("items")) {
    once.insert(item.at("item").get<std::string>());
    CHECK(item.at("reviewers") == json::array({item.at("member") == "ann" ? "bob" : "ann"}));
  }
  CHECK(once.size() == 1'103);
  auto shown = dry_run;
  shown.insert(shown.end(), {"--limit", "3"});
  const auto lines = lines_of(acme.run(shown));
  REQUIRE(lines.size() == 8);
  says(lines[0], "ITEM");
  says(lines[0], "REVIEWERS");
  says(lines[3], "  open    ");
  says(lines[5], "Would open q-");
  says(lines[5], " with 1103 items, of which 0 have nobody to ask, due ");
  says(lines[6] + lines[7], "  ann  1102 items");
  const json alone{
      {"id", "x"}, {"name", "X"}, {"stages", {{{"reviewers", {{{"kind", "named"}, {"people", {"ann"}}}}}}}}};
  const std::string stated = acme.run({"reviews", "open", "acme", "--file", "-", "--dry-run"}, alone.dump());
  says(stated, "of which 1 have nobody to ask");
  says(stated, "  nobody\n");
  CHECK(acme.ask({"reviews", "list", "acme"}).at("total") == 0);
  acme.refused({"reviews", "open", "acme", "q", "--limit", "3"}, exit_usage);
}

TEST_CASE("a definition is shown as it was made, and defined again from that") {
  Acme acme;
  acme.define("q");
  json shown = json::parse(acme.run({"reviews", "definition", "acme", "q"}));
  CHECK(shown.at("name") == "Quarterly");
  CHECK_FALSE(shown.contains("defined"));
  shown["name"] = "Each quarter";
  acme.run({"reviews", "define", "acme", "--file", "-", "--ticket", "OPS-7"}, shown.dump());
  CHECK(acme.ask({"reviews", "definition", "acme", "q"}).at("name") == "Each quarter");
  CHECK(acme.ask({"reviews", "definition", "acme", "q"}).at("defined").at("by").at("id").is_string());
  CHECK(acme.ask({"events", "acme", "--type", "review.defined"}).at("items").back().at("ticket") == "OPS-7");
  const json basics = json::parse(acme.run({"reviews", "definition", "acme", "quarterly-basics", "--shipped"}));
  CHECK(basics.at("id") == "quarterly-basics");
  says(acme.refused({"reviews", "definition", "acme", "none"}), "there is no review definition \"none\"");
}
