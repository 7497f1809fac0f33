// What is under review, from a terminal: the items of a review, one of them with everything, and what a closed review
// leaves to do.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tools/tenure/exit_codes.h"
#include "tools/tenure/http_client.h"
#include "tools/tenure/review_commands.h"

namespace tenure {

namespace {

using nlohmann::json;

// ---- all -----------------------------------------------------------------------------------------

// What --detail shows beside the rest.
const std::vector<std::string> detail_heading{"SUGGESTION", "FINDINGS", "CHANGES", "CERTIFIED", "BECAUSE"};

std::string certified_in(const json& item) {
  const auto it = item.find("last_certified");
  if (it == item.end()) return "never";
  return text_of(*it, "review") + (it->at("unchanged").get<bool>() ? "" : ", changed since");
}

std::vector<std::string> detail_of(const json& item) {
  const json& recommendation = item.at("recommendation");
  std::string because;
  for (const json& sentence : recommendation.at("because")) {
    because += (because.empty() ? "" : " ") + sentence.get<std::string>();
  }
  return {text_of(recommendation, "suggestion"), std::to_string(item.at("findings").size()),
          item.at("changed_since").at("count").dump(), certified_in(item), because};
}

int items(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, found;
  const Query query{
      {"view", o.view}, {"reviewer", o.reviewer},          {"status", o.status}, {"kind", o.kind}, {"member", o.member},
      {"by", o.by},     {"detail", o.detail ? "true" : ""}};
  if (!client.list(review_path(o, "/items"), query, o.limit, head, found)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), found);
  std::vector<std::string> heading{"ITEM", "MEMBER", "POWER", "SINCE", "STATUS", "OUTCOME", "STATE", "REVIEWERS"};
  if (o.detail) heading.insert(heading.end(), detail_heading.begin(), detail_heading.end());
  std::vector<std::vector<std::string>> rows;
  for (const json& item : found) {
    rows.push_back({text_of(item, "item"), text_of(item, "member"), power_of(item), since_of(item),
                    text_of(item, "status"), text_of(item.at("result"), "outcome"), text_of(item, "state"),
                    text_of(item, "reviewers")});
    if (!o.detail) continue;
    const auto detail = detail_of(item);
    rows.back().insert(rows.back().end(), detail.begin(), detail.end());
  }
  print_table(heading, rows);
  std::cout << "\n" << head.at("total") << " items\n";
  return exit_ok;
}

// ---- one -----------------------------------------------------------------------------------------

// "  since               2024-04-02T09:00:00Z": each block's words stand in one column.
void line(const std::string& name, const std::string& text) {
  constexpr std::size_t column = 20;
  const std::size_t gap = column - std::min(column - 1, name.size());
  std::cout << "  " << name << (text.empty() ? "" : std::string(gap, ' ') + text) << "\n";
}

void below(const std::string& text) { std::cout << "      " << text << "\n"; }

// The event of a field, behind a word; nothing where there is none.
std::string event_of(const json& item, const char* field, const char* before) {
  const auto it = item.find(field);
  return it == item.end() ? std::string() : before + event_line(*it);
}

void print_standing(const json& item) {
  const json& result = item.at("result");
  line("status", text_of(item, "status") + (item.value("reopened", false) ? ", reopened: the hold has changed" : ""));
  line("outcome", text_of(result, "outcome") + (result.contains("role") ? " to " + text_of(result, "role") : "") +
                      " (" + text_of(result, "because") + ")" + event_of(result, "by", " by "));
  line("state", item.at("state").is_null() ? "gone" : text_of(item, "state"));
  if (item.value("state_when_opened", json()) != item.at("state")) {
    line("state when opened", text_of(item, "state_when_opened"));
  }
  line("reviewers", item.at("reviewers").empty() ? "nobody" : text_of(item, "reviewers"));
}

void print_origin(const json& item) {
  line("since", since_of(item));
  if (item.contains("granted")) line("granted by", event_line(item.at("granted")));
  if (item.contains("carried_over")) {
    const json& carried = item.at("carried_over");
    line("carried over from", text_of(carried, "review") + event_of(carried, "decision", ", by "));
  }
  if (item.contains("last_certified")) {
    const json& certified = item.at("last_certified");
    const bool unchanged = certified.at("unchanged").get<bool>();
    line("last certified", "in " + text_of(certified, "review") +
                               (unchanged ? ", unchanged since" : ", changed since") +
                               event_of(certified, "decision", ", by "));
  } else {
    line("last certified", "never");
  }
}

void print_paths(const json& item) {
  line("gives", item.at("gives").empty() ? "nothing" : "");
  for (const json& given : item.at("gives")) {
    below(text_of(given, "role") + " on " + text_of(given, "on") +
          (given.contains("by_group") ? ", by group " + text_of(given, "by_group") : "") +
          event_of(given, "event", ", by "));
  }
}

// What cuts it or decides how far it goes, where something does; and what else would end with it.
void print_limits(const json& item) {
  const json& limits = item.at("limits");
  const auto list = [](const std::string& name, const json& texts) {
    if (texts.empty()) return;
    line(name, "");
    for (const json& text : texts) below(printable(text.get<std::string>()));
  };
  list("disabled", limits.at("disabled"));
  list("features off", limits.at("features_off"));
  if (limits.contains("assigned")) {
    const bool all = limits.value("all_since_none_assigned", false);
    std::string reach = limits.value("where_assigned", false) ? "some of it only on what is assigned" : "";
    if (all)
      reach += std::string(reach.empty() ? "" : "; ") + "some of it on all of a kind, since none is assigned to them";
    if (!reach.empty()) line("reach", reach);
    list("assigned", limits.at("assigned"));
  }
  if (!item.contains("revoking_ends") || item.at("revoking_ends").empty()) return;
  line("revoking ends also", "");
  for (const json& other : item.at("revoking_ends")) below(power_of(other));
}

// Events that touched the hold, and how many were left out.
void print_touches(const std::string& since, const json& touches) {
  const json& events = touches.at("events");
  const auto count = touches.at("count").get<std::uint64_t>();
  const std::string more = count > events.size() ? ", the newest " + std::to_string(events.size()) + " of them" : "";
  line(since, count == 0 ? "nothing" : std::to_string(count) + " events" + more);
  for (const json& touch : events) {
    below((touch.contains("event") ? event_line(touch.at("event")) : std::string("it ran out")) +
          (touch.at("counts").get<bool>() ? "" : " (does not count)") +
          event_of(touch, "retracted_by", ", retracted by "));
  }
}

void print_changes(const json& item) {
  // Without an earlier certificate both lists begin where the review does.
  const bool certified = item.contains("last_certified");
  if (certified || !item.contains("touched_by")) {
    print_touches(certified ? "since certified" : "since opened", item.at("changed_since"));
  }
  if (item.contains("touched_by")) print_touches("since opened", item.at("touched_by"));
  if (item.contains("changed_by")) line("changed by", event_line(item.at("changed_by")));
}

void print_advice(const json& item) {
  line("findings", item.at("findings").empty() ? "none" : "");
  for (const json& finding : item.at("findings")) {
    below(text_of(finding, "kind") + ": " + text_of(finding, "because") + " (" + text_of(finding, "id") + ")");
  }
  const json& recommendation = item.at("recommendation");
  line("recommendation", text_of(recommendation, "suggestion"));
  for (const json& sentence : recommendation.at("because")) below(printable(sentence.get<std::string>()));
}

void print_decisions(const json& item) {
  line("decisions", item.at("decisions").empty() ? "none" : "");
  for (const json& said : item.at("decisions")) {
    std::string text = text_of(said, "decision");
    if (said.contains("role")) text += " to " + text_of(said, "role");
    if (said.contains("to")) text += " to " + text_of(said, "to");
    if (said.contains("until")) text += " until " + text_of(said, "until");
    text += " by " + text_of(said, "reviewer") + " at " + text_of(said, "at") + ", position " +
            said.at("position").dump() + ", in stage " + std::to_string(said.at("stage").get<std::uint64_t>() + 1);
    if (said.contains("reason")) text += ": " + text_of(said, "reason");
    const bool counts = said.at("counts").get<bool>() || text_of(said, "decision") == "delegate";
    below(text + (counts ? "" : " (does not count: the hold was another one, " + text_of(said, "state") + ")"));
  }
}

int item(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json answer;
  if (!client.get(review_path(o, "/items/" + percent_encoded(o.item)), answer)) return client.exit_code();
  if (options.json) return print_answer(options, answer, {});
  std::cout << text_of(answer, "item") << ": " << text_of(answer, "member") << ", " << power_of(answer) << "\n";
  print_standing(answer);
  print_origin(answer);
  print_paths(answer);
  print_limits(answer);
  print_changes(answer);
  print_advice(answer);
  print_decisions(answer);
  return exit_ok;
}

// ---- left to do ----------------------------------------------------------------------------------

int tasks(const ClientOptions& options, const ReviewOptions& o) {
  Client client(options);
  json head, found;
  if (!client.list(review_path(o, "/tasks"), {{"status", o.status}}, o.limit, head, found)) return client.exit_code();
  if (options.json) return print_whole(std::move(head), found);
  std::vector<std::vector<std::string>> rows;
  for (const json& task : found) {
    std::string still;
    for (const json& held : task.at("still_held")) {
      still += (still.empty() ? "" : ", ") + text_of(held, "permission") + " " + text_of(held, "level");
    }
    rows.push_back({text_of(task, "member"), power_of(task), text_of(task.at("result"), "outcome"),
                    text_of(task, "status"), text_of(task, "owner"), text_of(task, "due_at"), still});
  }
  print_table({"MEMBER", "POWER", "OUTCOME", "STATUS", "OWNER", "DUE", "STILL HELD"}, rows);
  return exit_ok;
}

}  // namespace

void add_review_item_commands(CLI::App& reviews, Commands& commands, const Options& o) {
  auto* looked = add_of_review(reviews, commands, o, "items", "What is under review", items);
  looked->add_option("--view", o->view, "mine, overdue, changed or all");
  looked->add_option("--reviewer", o->reviewer, "What waits for them");
  looked->add_option("--status", o->status, "open, decided, carried, ended or settled");
  looked->add_option("--kind", o->kind, "role, group, grant or invitation");
  looked->add_option("--member", o->member, "Only of this member");
  looked->add_option("--by", o->by, "In order of member or power");
  looked->add_flag("--detail", o->detail,
                   "With what the facts suggest and why, findings, changes and when it was last certified");
  add_limit(*looked, o);
  auto* one = add_of_review(reviews, commands, o, "item",
                            "One item with everything: what it gives, whence, what changed, what was said", item);
  one->add_option("item,--item", o->item, "The item's id, as `items` shows it")->required();
  auto* left = add_of_review(reviews, commands, o, "tasks", "What a closed review leaves to do", tasks);
  left->add_option("--status", o->status, "open, overdue or done");
  add_limit(*left, o);
}

}  // namespace tenure
