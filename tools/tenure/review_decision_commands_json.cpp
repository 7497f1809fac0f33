// Decisions from a terminal: about one item, and who is asked instead.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/tenure/http_client.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

namespace {

using nlohmann::json;

std::string decisions_path(const ReviewOptions& o) {
  return with_query(review_path(o, "/decisions"), {{"reviewer", o.reviewer}});
}

int decide(const ClientOptions& options, const ReviewOptions& o) {
  const json body{{"item", o.item}, {"state", o.state}, {"decision", o.decision},
                  {"role", o.role}, {"to", o.to},       {"until", o.until}};
  return send_said(options, o, "POST", decisions_path(o), body,
                   [](const json& answer) { return "Decided at position " + answer.at("position").dump(); });
}

int reassign(const ClientOptions& options, const ReviewOptions& o) {
  return send_said(options, o, "POST", review_path(o, "/reassign"), {{"from", o.from}, {"to", o.to}, {"item", o.item}},
                   [](const json& answer) { return at_position(answer, "Reassigned"); });
}

}  // namespace

void add_review_decision_commands(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* decided = add_of_review(reviews, commands, o, "decide", "Decide about one item", decide);
  decided->add_option("item,--item", o->item, "The item's id")->required();
  decided->add_option("decision,--decision", o->decision, "keep, revoke, change or delegate")->required();
  decided->add_option("--state", o->state, "The state that you saw, as `items` shows it")->required();
  decided->add_option("--role", o->role, "change: to this role");
  decided->add_option("--to", o->to, "delegate: to them");
  decided->add_option("--until", o->until, "delegate: until this instant");
  add_reason(*decided, o);
  decided->add_option("--reviewer", o->reviewer, "Whose decision it is; default the token's principal");
  auto* moved = add_of_review(reviews, commands, o, "reassign", "Ask somebody else", reassign);
  moved->add_option("--from", o->from, "Instead of them; default beside all");
  moved->add_option("--to", o->to, "Whom")->required();
  moved->add_option("--item", o->item, "About this item; default all");
  add_reason(*moved, o);
}

}  // namespace tenure
