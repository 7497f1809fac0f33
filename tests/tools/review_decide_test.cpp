// Decisions by a file from the command line: what is checked before anything is sent, what is refused and how that is
// told, and what is known when the server stops answering in the middle.
#include <atomic>
#include <fstream>
#include <set>

#include "tests/push_receivers.h"
#include "tests/tools/acme_under_review.h"

using namespace tenure;
using namespace tenure::test;

namespace {

// As jq makes it of an item of the list: {item, state, decision, reason}.
json decision(const json& item, const std::string& verb, const std::string& reason = "looked at") {
  return {{"item", item.at("item")}, {"state", item.at("state")}, {"decision", verb}, {"reason", reason}};
}

const std::vector<std::string> by_file{"reviews", "decide", "acme", "q1", "--reviewer", "ann", "--file", "-"};

// acme under review; what is sent by a file of these lines, and what is said.
class UnderReview : public Acme {
 public:
  explicit UnderReview(int more_members = 0) {
    if (more_members > 0) grows_by(more_members);
    define("q");
    run({"reviews", "open", "acme", "q", "--id", "q1"});
  }
  json open_items() { return ask({"reviews", "items", "acme", "q1", "--reviewer", "ann"}).at("items"); }
  json progress() { return ask({"reviews", "show", "acme", "q1"}).at("progress"); }
};

}  // namespace

TEST_CASE("a file made of the list of items decides about each, and says how many") {
  UnderReview acme;
  std::string lines;
  for (const json& item : acme.open_items()) {
    lines += decision(item, item.at("kind") == "grant" ? "revoke" : "keep").dump() + "\n\n";
  }
  CHECK(acme.run(by_file, lines) == "2 decisions: 2 recorded, 0 refused\n");
  const json progress = acme.progress();
  CHECK(progress.at("decided") == 2);
  CHECK(progress.at("open") == 1);
  const json grant = acme.item("q1", "grant", "bob");
  CHECK(grant.at("result").at("outcome") == "revoke");
  CHECK(grant.at("decisions").at(0).at("reviewer") == "ann");
  CHECK(grant.at("decisions").at(0).at("reason") == "looked at");
  says(acme.run({"reviews", "decide", "--help"}), "jq -c '.items[]");
}

TEST_CASE("a JSON array in a file on disk does as well as lines, and a ticket and a change of role come along") {
  UnderReview acme;
  json all = json::array();
  for (const json& item : acme.open_items()) {
    all.push_back(decision(item, item.at("kind") == "grant" ? "keep" : "change"));
    all.back()["ticket"] = "OPS-7";
    if (item.at("kind") == "role") all.back()["role"] = "owner";
  }
  std::ofstream(acme.in_folder("decisions.json")) << all.dump(2);
  const json told =
      acme.ask({"reviews", "decide", "acme", "q1", "--file", acme.in_folder("decisions.json"), "--reviewer", "ann"});
  CHECK(told.at("total") == 2);
  CHECK(told.at("recorded") == 2);
  CHECK(told.at("refused") == 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(told.at("items").at(i).at("item") == all[i].at("item"));
    CHECK(told.at("items").at(i).at("position").is_number());
  }
  CHECK(acme.item("q1", "role", "bob").at("result").at("role") == "owner");
  const json events = acme.ask({"events", "acme", "--type", "review.decided"});
  for (const json& event : events.at("items")) {
    CHECK(event.at("ticket") == "OPS-7");
  }
}

TEST_CASE("of a file of decisions what is refused is told with its line, item and why, and the rest is recorded") {
  UnderReview acme;
  std::string lines;
  std::string stale;
  for (const json& item : acme.open_items()) {
    json one = decision(item, "keep");
    if (item.at("kind") == "grant") {
      stale = item.at("item").get<std::string>();
      one["state"] = "another";
    }
    lines += one.dump() + "\n";
  }
  const std::string own = acme.item("q1", "role", "ann").at("item").get<std::string>();
  lines += decision(acme.item("q1", "role", "ann"), "keep").dump() + "\n";
  lines += R"({"item":"none","state":"s","decision":"revoke"})";
  const Ran ran = acme.serve.run(by_file, lines);
  CHECK(ran.code == exit_refused);
  CHECK(ran.out == "4 decisions: 1 recorded, 3 refused\n");
  says(ran.err, ": item " + stale + ": ");
  says(ran.err, "(stale_state)");
  says(ran.err, "line 3: item " + own + ": nobody decides about themselves");
  says(ran.err, "line 4: item none: the review has no item \"none\"");
  CHECK(acme.progress().at("decided") == 1);
  // Again: the one that stands is recorded anew, as by hand, and --json tells a result for each.
  std::vector<std::string> as_json = by_file;
  as_json.insert(as_json.begin(), "--json");
  const Ran again = acme.serve.run(as_json, lines);
  CHECK(again.code == exit_refused);
  CHECK(again.err.empty());
  const json told = json::parse(again.out);
  CHECK(told.at("recorded") == 1);
  CHECK(told.at("refused") == 3);
  REQUIRE(told.at("items").size() == 4);
  CHECK(told.at("items").at(3).at("item") == "none");
  CHECK(told.at("items").at(3).at("problem").at("code") == "not_found");
  CHECK(told.at("items").at(2).at("status") == 403);
}

TEST_CASE("a file with a bad line is told by line and field, and nothing of it is sent") {
  UnderReview acme;
  const json items = acme.open_items();
  const std::string good = decision(items.at(0), "keep").dump(), other = decision(items.at(1), "keep").dump();
  const auto refused = [&](const std::string& text, const std::vector<std::string>& parts) {
    const std::string said = acme.refused(by_file, exit_usage, text);
    for (const std::string& part : parts) says(said, part);
    says(said, "nothing was sent");
  };
  refused(good + "\n{\"item\":\n", {"line 2: this is no JSON object: ", "jq -c"});
  refused(good + "\n\n[1]\n3\n", {"line 3: a decision must be an object", "line 4: a decision must be an object"});
  refused(good + "\n" + R"({"item":"i","decision":"keep"})", {"line 2, state: \"state\" is needed"});
  refused(good + "\n" + R"({"item":"i","state":null,"decision":"keep"})", {"line 2, state: ", "must be a text"});
  refused(good + "\r\n" + R"({"item":"i","state":"s","decision":"yes"})",
          {"line 2, decision: ", "must be keep, revoke, change or delegate"});
  refused(good + "\n" + R"({"item":"i","state":"s","decision":"keep","why":"x"})", {"line 2, why: ", "not a field"});
  refused(good + "\n" + R"({"item":"i","state":"s","decision":"delegate","to":"bob","until":"soon"})",
          {"line 2, until: "});
  refused(good + "\n" + other + "\n" + good, {"line 3, item: line 1 decides about ", "once about an item"});
  refused("[" + good + ",\n" + other + ",]", {"line 2: this is no JSON array: "});
  refused("[" + good + "," + R"({"item":"i","state":"s"})" + "]", {"decision 2, decision: \"decision\" is needed"});
  refused("\n\n", {"standard input: there is no decision in it"});
  refused("[]", {"there is no decision in it"});
  std::string many;
  for (int i = 0; i < 30; ++i) many += "nothing\n";
  refused(many, {"line 20: ", "and 10 more"});
  CHECK(acme.progress().at("decided") == 0);
  says(acme.refused({"reviews", "decide", "acme", "q1", "--file", acme.in_folder("none")}, exit_usage), "cannot read");
  acme.refused({"reviews", "decide", "acme", "q1", "--file", "-", "--reason", "for all"}, exit_usage);
  acme.refused({"reviews", "decide", "acme", "q1", "item", "keep", "--file", "-"}, exit_usage);
  says(acme.refused({"reviews", "decide", "acme", "q1", "item", "keep"}, exit_usage), "--state, or --file");
  says(acme.refused({"reviews", "decide", "acme", "none", "--file", "-"}, exit_refused, good), "there is no review");
}

TEST_CASE("a file of more decisions than a call takes goes in several calls, and each item is decided once") {
  UnderReview acme(1'100);
  const json items = acme.open_items();
  REQUIRE(items.size() == 1'102);
  std::string lines;
  for (const json& item : items) lines += decision(item, "keep").dump() + "\n";
  CHECK(acme.run(by_file, lines) == "1102 decisions: 1102 recorded, 0 refused\n");
  CHECK(acme.progress().at("decided") == 1'102);
  std::map<std::string, std::size_t> calls;
  const json decided = acme.ask({"reviews", "items", "acme", "q1", "--status", "decided"});
  for (const json& item : decided.at("items")) {
    REQUIRE(item.at("decisions").size() == 1);
    ++calls[item.at("decisions").at(0).at("call").get<std::string>()];
  }
  std::multiset<std::size_t> sizes;
  for (const auto& [call, count] : calls) sizes.insert(count);
  CHECK(sizes == std::multiset<std::size_t>{102, 1'000});
}

TEST_CASE("when a call of many is refused whole or not answered, what is known of each decision is told") {
  std::string lines;
  for (int i = 1; i <= 2'500; ++i) {
    lines += json{{"item", "i" + std::to_string(i)}, {"state", "s"}, {"decision", "keep"}}.dump() + "\n";
  }
  // A server that takes the first call, and then does this.
  const auto sent_to = [&](const Reaction& then, bool as_json) {
    std::atomic<int> calls{0};
    HttpTaker server([&](const Posted& posted) {
      if (++calls > 1) return then;
      json answer{{"items", json::array()}};
      for (const json& one : json::parse(posted.body)) {
        answer["items"].push_back({{"item", one.at("item")}, {"status", 201}, {"position", 7}});
      }
      return Reaction{207, true, true, std::chrono::milliseconds(0), answer.dump(), {}};
    });
    std::vector<std::string> arguments{"reviews", "decide", "acme", "q1", "--file", "-"};
    if (as_json) arguments.insert(arguments.begin(), "--json");
    const Ran ran = run_tenure(arguments, lines, {"TENURE_URL=http://" + server.address(), "TENURE_TOKEN=t"});
    CHECK(server.posted().size() == 2);  // what is not answered is not sent again, nor is the rest
    return ran;
  };
  const json ended{{"detail", "the review has ended."}, {"code", "review_ended"}, {"status", 409}};
  const Ran refused = sent_to(refusing(409, ended.dump()), false);
  CHECK(refused.code == exit_refused);
  CHECK(refused.out == "2500 decisions: 1000 recorded, 0 refused, 1500 without an answer\n");
  says(refused.err, "the review has ended. (review_ended)");
  says(refused.err, "from line 1001 to line 2000 nothing is recorded, and what comes behind was not sent");
  Reaction silent = refusing(500);
  silent.answers = false;
  const Ran unanswered = sent_to(silent, false);
  CHECK(unanswered.code == exit_unreachable);
  says(unanswered.err, "from line 1001 to line 2000 decisions may be recorded or not, and what comes behind");
  says(unanswered.err, "`tenure reviews items acme q1 --status open` tells what is open still");
  const json bad{{"detail", "2 faults"},
                 {"code", "invalid_field"},
                 {"status", 400},
                 {"errors", {{{"index", 4}, {"field", "/4/item"}, {"detail", "no such thing"}}}}};
  says(sent_to(refusing(400, bad.dump()), false).err, "line 1005 /4/item: no such thing");
  const json told = json::parse(sent_to(refusing(409, ended.dump()), true).out);
  CHECK(told.at("items").size() == 1'000);
  CHECK(told.at("total") == 2'500);
  CHECK(told.at("problem").at("code") == "review_ended");
}
