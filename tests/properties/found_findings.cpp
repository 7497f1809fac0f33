#include "tests/properties/found_findings.h"

#include <map>
#include <set>

#include "events/model/analysis.h"
#include "tests/catch.h"
#include "tests/oracle/naive_fold.h"

namespace tenure::test {

using nlohmann::json;

namespace {

std::string text_of(const json& item, const char* name) { return item.value(name, std::string()); }

std::string holder_of(const json& item) {
  if (item.contains("member")) return "member:" + text_of(item, "member");
  if (item.contains("everyone")) return "everyone";
  if (item.contains("permission")) return "role:" + text_of(item, "role");
  if (item.contains("feature")) return "feature:" + text_of(item, "feature");
  return "group:" + text_of(item, "group");
}

// What was given and taken.
std::string power_of(const json& item) {
  const bool by_member = item.contains("member");
  if (item.contains("permission")) return text_of(item, "permission") + " at " + text_of(item, "level");
  if (item.contains("feature")) return "on";
  if (item.contains("parent")) return "parent " + text_of(item, "parent");
  if (item.contains("area")) return "enabled in " + text_of(item, "area");
  if (item.contains("role"))
    return "role " + text_of(item, "role") + (item.contains("on") ? " on " + text_of(item, "on") : "");
  if (by_member && item.contains("group")) return "group " + text_of(item, "group");
  return item.contains("on") ? "assigned " + text_of(item, "on") : "enabled";
}

std::string given_us(const json& item) {
  const json& given = item.at("evidence").back();
  return std::to_string(oracle::instant_us(text_of(given, "occurred_at")));
}

std::string words(const json& item) {
  const std::string kind = text_of(item, "kind"), member = text_of(item, "member"), role = text_of(item, "role");
  const std::string opened = item.at("evidence").empty() ? "" : item.at("evidence").at(0).at("position").dump();
  if (kind == "can_raise_self") return kind + "|" + member + "|" + role;
  if (kind == "inviter_removed") return kind + "|" + member + "|" + text_of(item, "inviter");
  if (kind == "invitation_pending") return kind + "|" + member;
  if (kind == "grant_without_effect") return kind + "|" + holder_of(item) + "|" + role + "|" + text_of(item, "on");
  if (kind == "rule_violation") return kind + "|" + opened + "|" + text_of(item, "rule");
  if (kind == "judgement_changed") {
    const std::string because = text_of(item, "because");
    return kind + "|" + opened + "|" + because.substr(0, because.find(": "));
  }
  if (kind == "self_approval") return kind + "|" + opened + "|" + member;
  if (kind == "granted_and_revoked") {
    return kind + "|" + opened + "|" + holder_of(item) + "|" + power_of(item) + "|" + given_us(item);
  }
  if (kind == "duties_not_separated") {
    return kind + "|" + text_of(item, "rule") + "|" + member + "|" + text_of(item, "on");
  }
  return kind + "|" + role;
}

}  // namespace

json raising_roles(const json& models) {
  json raising = json::object();
  for (const json& document : models) {
    const auto model = AccessModel::parse(document.dump());
    REQUIRE(model.has_value());
    json& roles = raising[(*model)->id().text] = json::array();
    for (const SelfRaise& raise : find_escalations(**model).alone) {
      roles.push_back((*model)->roles()[raise.role].id.text);
    }
  }
  return raising;
}

json found_findings(TenureInMemory& tenure, const json& asked, Query query) {
  for (const char* name : {"pending_days", "within_minutes"}) query.emplace_back(name, asked.at(name).dump());
  Query whole = query;
  if (asked.contains("kind")) whole.emplace_back("kind", text_of(asked, "kind"));
  const json list = tenure.whole_list({"findings"}, whole, 3);
  json found{{"before_history", list.at("before_history")}, {"rows", json::object()}};
  std::set<std::string> ids;
  std::map<std::string, std::set<std::string>> same;  // custom roles by the custom role that they are the same as
  const auto customs =
      tenure.whole_list({"roles"}, {{"at", query.front().second}, {"known_at", query.at(1).second}}, 100);
  std::set<std::string> system;
  for (const json& role : customs.at("items")) {
    if (role.at("kind") == "system") system.insert(text_of(role, "role"));
  }
  for (const json& item : list.at("items")) {
    INFO(item.dump());
    REQUIRE(ids.insert(text_of(item, "id")).second);
    const std::string twin = text_of(item, "same_as");
    std::string what = words(item);
    if (!twin.empty() && system.count(twin) == 0) {
      same[twin].insert(text_of(item, "role"));
      continue;
    }
    json& row = found["rows"][what];
    REQUIRE(row.is_null());
    row = {{"id", item.at("id")}, {"status", item.at("status")}};
    REQUIRE(item.contains("since"));
    const json& opened = item.at("evidence").at(0);
    REQUIRE(opened.at("occurred_at") == item.at("since"));
    REQUIRE(item.value("since_basis", "") == opened.value("basis", ""));
    row["since_us"] = oracle::instant_us(text_of(item, "since"));
    row["opened_by"] = opened.at("position");
  }
  for (auto& [first, others] : same) {
    others.insert(first);
    std::string what = "custom_role_duplicate";
    for (const std::string& role : others) what += "|" + role;
    found["rows"][what] = json::object();
  }
  return found;
}

std::string wrong_status(const json& closed, const json& rows) {
  for (const auto& [what, row] : rows.items()) {
    if (!row.contains("id")) continue;
    const bool is_closed = std::find(closed.begin(), closed.end(), row.at("id")) != closed.end();
    if (is_closed != (row.at("status") == "closed")) return what + " is " + (is_closed ? "closed" : "open");
  }
  return {};
}

}  // namespace tenure::test
