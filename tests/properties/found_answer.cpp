#include "tests/properties/found_answer.h"

#include <algorithm>
#include <set>

#include "tests/catch.h"
#include "tests/properties/found_diff.h"
#include "tests/properties/found_findings.h"

namespace tenure::test {

using nlohmann::json;
using oracle::Question;
using oracle::RandomHistory;

namespace {

std::int64_t us_of(const json& instant) { return oracle::instant_us(instant.get<std::string>()); }

json text_of(const json& row, const char* name) {
  return row.contains(name) && !row.at(name).is_null() ? row.at(name) : json("");
}

// ---- asking ----------------------------------------------------------------------------------------

Query query_of(const json& asked) {
  Query query;
  for (const char* name : {"permission", "level", "resource", "member", "on", "tz"}) {
    if (asked.contains(name)) query.emplace_back(name, asked.at(name).get<std::string>());
  }
  if (asked.contains("at_us")) query.emplace_back("at", oracle::instant_text(asked.at("at_us").get<std::int64_t>()));
  if (asked.contains("from_us") && !asked.contains("on")) {
    query.emplace_back("from", oracle::instant_text(asked.at("from_us").get<std::int64_t>()));
    query.emplace_back("to", oracle::instant_text(asked.at("to_us").get<std::int64_t>()));
  }
  if (asked.contains("known_from")) {
    query.emplace_back("known_from", std::to_string(asked.at("known_from").get<std::int64_t>()));
    query.emplace_back("known_to", std::to_string(asked.at("known_position").get<std::int64_t>()));
    return query;
  }
  // As of an instant the same is known as of the last position recorded by then.
  const bool by_instant = asked.contains("known_us");
  query.emplace_back("known_at", by_instant ? oracle::instant_text(asked.at("known_us").get<std::int64_t>())
                                            : std::to_string(asked.at("known_position").get<std::int64_t>()));
  if (asked.value("explain", false)) query.emplace_back("explain", "true");
  return query;
}

json power_row(const json& item, bool explain) {
  json row{{"level", item.at("level")}, {"reach", item.at("reach")}};
  if (explain) row["paths"] = item.at("paths");
  if (!item.contains("intervals")) return row;
  row["intervals"] = json::array();
  for (const json& each : item.at("intervals")) {
    row["intervals"].push_back({{"from_us", us_of(each.at("from"))},
                                {"to_us", each.at("to").is_null() ? json() : json(us_of(each.at("to")))},
                                {"level", each.at("level")},
                                {"opened_by", each.at("opened_by")},
                                {"closed_by", each.at("closed_by")},
                                {"opened_basis", each.value("opened_basis", "")},
                                {"closed_basis", each.value("closed_basis", "")}});
  }
  return row;
}

// Whether a row says that what it tells was found so.
bool found_so(const json& item) {
  if (item.contains("since_basis")) REQUIRE(item.at("since_basis") == "baseline");
  return item.contains("since_basis");
}

json list_row(const std::string& kind, const json& item, bool explain) {
  if (kind == "who_can" || kind == "who_can_over") return power_row(item, explain);
  if (kind == "members") {
    return {{"status", item.at("status")},
            {"role", text_of(item, "role")},
            {"groups", item.at("groups")},
            {"since_us", us_of(item.at("since"))},
            {"found_so", found_so(item)}};
  }
  if (kind == "invitations") {
    REQUIRE(item.at("status") == "invited");
    return {{"role", text_of(item, "role")},
            {"groups", item.at("groups")},
            {"since_us", us_of(item.at("since"))},
            {"found_so", found_so(item)}};
  }
  if (kind == "groups") {
    return {{"parent", text_of(item, "parent")},
            {"role", text_of(item, "role")},
            {"members", item.at("members")},
            {"since_us", us_of(item.at("since"))},
            {"found_so", found_so(item)}};
  }
  if (kind == "group_members") return {{"since_us", us_of(item.at("since"))}, {"found_so", found_so(item)}};
  return {{"kind", item.at("kind")}, {"grants", item.at("grants")}};
}

json refusal(const RouteAnswer& answer) {
  return {{"refused", answer.body.at("code")}, {"row", json()}, {"rows", json::object()}};
}

json can_answer(const RouteAnswer& answer, bool explain) {
  if (answer.status == 400) return refusal(answer);
  json found{{"row", json()}};
  // Somebody whom no event has named yet.
  if (answer.status == 404) return {{"row", json()}, {"denied_because", "never heard of"}};
  found["before_history"] = answer.body.at("before_history");
  if (answer.body.at("allowed").get<bool>()) {
    found["row"] = {{"level", answer.body.at("level")}, {"reach", answer.body.at("reach")}};
    if (explain) found["row"]["paths"] = answer.body.at("paths");
  }
  if (answer.body.contains("denied_because")) found["denied_because"] = answer.body.at("denied_because");
  if (answer.body.contains("reasons")) found["reasons"] = answer.body.at("reasons");
  return found;
}

const std::map<std::string, std::vector<std::string>>& routes() {
  static const std::map<std::string, std::vector<std::string>> all{
      {"who_can", {"who-can"}},     {"who_can_over", {"who-can"}}, {"members", {"members"}},
      {"invitations", {"members"}}, {"groups", {"groups"}},        {"roles", {"roles"}}};
  return all;
}

// ---- comparing -------------------------------------------------------------------------------------

// How the route says each of the oracle's reasons.
const std::map<std::string, std::vector<std::string>>& reasons() {
  static const std::map<std::string, std::vector<std::string>> all{
      {"nothing is known of that time", {"unknown time"}},
      {"the permission is about resources of kind", {"other kind"}},
      {"not a member at that time", {"no member"}},
      {"no role, group or grant gives it", {"nothing given"}},
      {"the model's text does not say", {"nothing given"}},
      {"the role ", {"nothing given"}},
      {"the member is disabled", {"disabled"}},
      {"the feature ", {"feature off"}},
      {"only the owner may have it", {"owner only"}},
      {"it needs ", {"parent"}},
      {"all that hangs below it is off", {"children off"}},
      {"the level held is lower than the one asked for", {"too low"}},
  };
  return all;
}

std::string wrong_denial(const json& expected, const json& found) {
  const bool denied = expected.contains("denied");
  if (denied != found.contains("denied_because")) return "a reason is given exactly where the answer is no";
  if (!denied || found.at("denied_because") == "never heard of") return {};
  // Asked to explain, every true reason is told and no other.
  if (found.contains("reasons")) {
    std::set<std::string> told, sentences;
    for (const json& each : found.at("reasons")) {
      std::string reason = each.at("reason").get<std::string>();
      std::replace(reason.begin(), reason.end(), '_', ' ');
      if (each.at("because") == "" || each.at("change") == "") return "a reason says nothing: " + each.dump();
      told.insert(reason);
      // Of being disabled in several areas each is told.
      if (!sentences.insert(reason + ": " + each.at("because").get<std::string>()).second)
        return "told twice: " + each.dump();
    }
    if (json(told) != expected.at("denied")) return "the reasons are " + json(told).dump();
  }
  const std::string because = found.at("denied_because").get<std::string>();
  for (const auto& [sentence, reason] : reasons()) {
    if (!because.starts_with(sentence)) continue;
    for (const json& truth : expected.at("denied")) {
      if (truth == reason.front()) return {};
    }
    return "the reason is not true: " + because;
  }
  return "a reason in unknown words: " + because;
}

std::string wrong_actor(const json& shown, const json& said) {
  // People are shown as first sent, so the spelling may differ.
  const auto folded = [](std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
  };
  if (shown.at("kind") != said.at("kind")) return "kind";
  return folded(shown.at("id").get<std::string>()) == folded(said.at("id").get<std::string>()) ? "" : "id";
}

// An edge shows the event that it names, as it was sent.
std::string wrong_edge(const json& edge, const RandomHistory& history) {
  const std::int64_t position = edge.at("position").get<std::int64_t>();
  if (position < history.first_position || position > history.last_position()) return "an edge names no event";
  const auto index = static_cast<std::size_t>(position - history.first_position);
  const json& event = history.events.at(index);
  if (edge.at("what").get<std::string>().empty()) return "an edge says nothing";
  if (us_of(edge.at("occurred_at")) != history.occurred_us(index)) return "an edge shows another time";
  if (!wrong_actor(edge.at("actor"), event.at("actor")).empty()) return "an edge shows another actor";
  if (edge.contains("approved_by") != event.contains("approved_by"))
    return "an edge shows an approver or leaves one out";
  if (event.contains("approved_by") && !wrong_actor(edge.at("approved_by"), event.at("approved_by")).empty()) {
    return "an edge shows another approver";
  }
  const bool found_so = event.value("basis", "happened") == "baseline";
  if (edge.value("basis", "happened") != (found_so ? "baseline" : "happened")) return "an edge shows another basis";
  return text_of(edge, "reason") == text_of(event, "reason") ? "" : "an edge shows another reason";
}

bool same_path(const json& expected, const json& found, const json& positions) {
  if (expected.at("kind") != found.at("kind") || expected.at("level") != found.at("level") ||
      expected.at("reach") != found.at("reach") ||
      expected.at("defined_by") != found.at("role").value("defined_by", 0)) {
    return false;
  }
  const json& ways = expected.at("ways");
  return std::find(ways.begin(), ways.end(), positions) != ways.end();
}

std::string wrong_paths(const json& expected, const json& found, const RandomHistory& history) {
  json missing = expected;
  for (const json& path : found) {
    json positions = json::array();
    if (path.at("role").at("id") == "" || path.at("model").at("version") == "") return "a path without role or model";
    for (const json& edge : path.at("edges")) {
      const std::string wrong = wrong_edge(edge, history);
      if (!wrong.empty()) return wrong + ": " + edge.dump();
      positions.push_back(edge.at("position"));
    }
    const auto match = std::find_if(missing.begin(), missing.end(),
                                    [&](const json& each) { return same_path(each, path, positions); });
    if (match == missing.end()) return "no such path: " + path.dump();
    missing.erase(match);
  }
  if (!missing.empty()) return "a path is left out: " + missing.front().dump();
  // Best first: the first one is the answer's own level and reach.
  for (std::size_t i = 0; i < found.size(); ++i) {
    const json& own = expected.at(i);
    if (found[i].at("level") != own.at("level") || found[i].at("reach") != own.at("reach")) return "not best first";
  }
  return {};
}

bool one_of(const json& positions, const json& position) {
  return std::find(positions.begin(), positions.end(), position) != positions.end();
}

// Whether the event at a position tells what was found so; none does at none.
bool tells_what_was_found(const json& position, const RandomHistory& history) {
  if (position.is_null()) return false;
  const auto index = static_cast<std::size_t>(position.get<std::int64_t>() - history.first_position);
  return history.events.at(index).value("basis", "happened") == "baseline";
}

std::string wrong_intervals(const json& expected, const json& found, const RandomHistory& history) {
  if (expected.size() != found.size()) return "there are " + std::to_string(expected.size()) + " intervals";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    for (const char* name : {"from_us", "to_us", "level"}) {
      if (expected[i].at(name) != found[i].at(name)) return std::string("an interval's ") + name;
    }
    if (!one_of(expected[i].at("openers"), found[i].at("opened_by"))) return "the event that opened an interval";
    const bool lasts = found[i].at("to_us").is_null();
    if (lasts != found[i].at("closed_by").is_null()) return "an event closes an interval exactly where it ends";
    if (!lasts && !one_of(expected[i].at("closers"), found[i].at("closed_by"))) {
      return "the event that closed an interval";
    }
    for (const std::string end : {"opened", "closed"}) {
      const bool found_so = tells_what_was_found(found[i].at(end + "_by"), history);
      if (found[i].at(end + "_basis") != (found_so ? "baseline" : ""))
        return "the basis on which an interval was " + end;
    }
  }
  return {};
}

std::string wrong_row(const json& expected, const json& found, const RandomHistory& history) {
  if (!expected.is_object()) return expected == found ? "" : "the row";
  for (const auto& [name, value] : expected.items()) {
    if (name == "paths") {
      const std::string wrong = wrong_paths(value, found.at(name), history);
      if (!wrong.empty()) return wrong;
    } else if (name == "intervals") {
      const std::string wrong = wrong_intervals(value, found.at(name), history);
      if (!wrong.empty()) return wrong;
    } else if (!found.contains(name) || found.at(name) != value) {
      return name;
    }
  }
  return {};
}

std::string wrong_rows(const json& expected, const json& found, const RandomHistory& history) {
  for (const auto& [key, row] : expected.items()) {
    if (!found.contains(key)) return key + " is missing";
    const std::string wrong = wrong_row(row, found.at(key), history);
    if (!wrong.empty()) return key + ": " + wrong;
  }
  for (const auto& [key, row] : found.items()) {
    if (!expected.contains(key)) return key + " should not be there";
  }
  return {};
}

}  // namespace

json found_answer(TenureInMemory& tenure, const Question& question) {
  const json& asked = question.asked;
  const bool explain = asked.value("explain", false);
  Query query = query_of(asked);
  if (question.kind == "diff" || question.kind == "diff_known") return found_diff(tenure, query);
  if (question.kind == "touch") return found_touch(tenure, query, asked.at("event").get<std::int64_t>());
  if (question.kind == "findings") return found_findings(tenure, asked, query);
  if (question.kind == "can") return can_answer(tenure.get({"can"}, query), explain);
  if (question.kind == "member") {
    std::erase_if(query, [](const auto& each) { return each.first == "member"; });
    const RouteAnswer answer = tenure.get({"members", asked.at("member").get<std::string>()}, query);
    if (answer.status == 404) return {{"status", "not a member"}};
    REQUIRE(answer.status == 200);
    return {{"before_history", answer.body.at("before_history")}, {"status", answer.body.at("member").at("status")}};
  }
  if (question.kind == "invitations") query.emplace_back("status", "invited");
  std::vector<std::string> path{"groups", asked.value("group", ""), "members"};
  if (question.kind != "group_members") path = routes().at(question.kind);
  // A group that no event has named.
  if (question.kind == "group_members" && tenure.get(path, query).status == 404) return {{"rows", json::object()}};
  if (asked.contains("level")) {
    if (const RouteAnswer first = tenure.get(path, query); first.status == 400) return refusal(first);
  }
  const json list = tenure.whole_list(path, query, 3);
  json found{{"before_history", list.at("before_history")}, {"rows", json::object()}};
  const char* key = question.kind == "groups" ? "group" : question.kind == "roles" ? "role" : "member";
  for (const json& item : list.at("items")) {
    found["rows"][item.at(key).get<std::string>()] = list_row(question.kind, item, explain);
  }
  REQUIRE(found["rows"].size() == list.at("items").size());
  // The model's own roles are listed also of a time before the history.
  if (question.kind == "roles" && list.at("before_history").get<bool>()) found["rows"] = json::object();
  return found;
}

std::string difference(const json& expected, const json& found, const RandomHistory& history) {
  // Where nothing is known the names are those of the organization's model now, which the oracle does not have.
  if (found.contains("refused") && expected.value("before_history", false)) return {};
  if (found.contains("refused") || expected.contains("refused")) {
    return found.value("refused", "") == expected.value("refused", "") ? "" : "what the question is refused for";
  }
  if (found.contains("before_history") && found.at("before_history") != expected.at("before_history")) {
    return "before_history";
  }
  if (expected.contains("closed")) {
    if (const std::string wrong = wrong_status(expected.at("closed"), found.at("rows")); !wrong.empty()) return wrong;
  }
  if (expected.contains("cells")) return wrong_diff(expected.at("cells"), found.at("rows"));
  if (expected.contains("rows")) return wrong_rows(expected.at("rows"), found.at("rows"), history);
  if (expected.contains("status")) return expected.at("status") == found.at("status") ? "" : "the status";
  if (const std::string wrong = wrong_denial(expected, found); !wrong.empty()) return wrong;
  if (expected.at("row").is_null() != found.at("row").is_null()) return "yes or no";
  return expected.at("row").is_null() ? "" : wrong_row(expected.at("row"), found.at("row"), history);
}

}  // namespace tenure::test
