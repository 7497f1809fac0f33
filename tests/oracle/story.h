// A small organization for the oracle's own tests: one model that has a bit of everything, events told one by one, and
// answers as one line of text, so that a test reads as given, when, then. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/oracle/naive_fold.h"

namespace tenure::oracle {

inline nlohmann::json small_model() {
  return nlohmann::json::parse(R"({
    "id": "small", "title": "A bit of everything",
    "scales": {"access": ["none", "read", "write", "admin"], "yes": ["no", "yes"]},
    "resource_kinds": [{"id": "repo", "name": "Repository", "declared": false},
                       {"id": "bot", "name": "Bot", "declared": true}, {"id": "box", "name": "Box", "declared": true}],
    "permissions": [
      {"id": "code", "name": "Code", "module": "Work", "scale": "access", "resource": "repo"},
      {"id": "talk", "name": "Talk", "module": "Work", "scale": "access", "resource": "bot"},
      {"id": "billing", "name": "Billing", "module": "Money", "scale": "yes"},
      {"id": "invoices", "name": "Invoices", "module": "Money", "scale": "access", "parent": "billing",
       "parent_level": "yes"},
      {"id": "secret", "name": "Secret", "module": "Work", "scale": "yes", "owner_only": true},
      {"id": "lab", "name": "Lab", "module": "Lab", "scale": "yes", "feature": "lab"}],
    "features": [{"id": "lab", "name": "Lab", "on_by_default": false}],
    "settings": [{"id": "base", "name": "Base", "on_kind": "repo", "initial": "none",
                  "values": {"none": null, "read": "reader"}}],
    "roles": [
      {"id": "owner", "name": "Owner", "kind": "system", "rank": 100,
       "grants": {"code": "admin", "billing": "yes", "invoices": "admin", "secret": "yes"}},
      {"id": "member", "name": "Member", "kind": "system", "rank": 10, "grants": {}, "unspecified": ["lab"]},
      {"id": "reader", "name": "Reader", "kind": "system", "rank": 20, "grants": {"code": "read"}},
      {"id": "writer", "name": "Writer", "kind": "system", "rank": 30, "inherits": ["reader"],
       "grants": {"code": "write"}},
      {"id": "lead", "name": "Lead", "kind": "system", "rank": 40, "inherits": ["writer", "cashier"],
       "grants": {"code": "read"}},
      {"id": "payer", "name": "Payer", "kind": "system", "rank": 20, "grants": {"billing": "yes"}},
      {"id": "cashier", "name": "Cashier", "kind": "system", "rank": 20, "grants": {"invoices": "write"}},
      {"id": "insider", "name": "Insider", "kind": "system", "rank": 20, "grants": {"secret": "yes", "lab": "yes"}},
      {"id": "guide", "name": "Guide", "kind": "system", "rank": 20,
       "grants": {"talk": {"level": "write", "visibility": "assigned"}}},
      {"id": "roamer", "name": "Roamer", "kind": "system", "rank": 20,
       "grants": {"talk": {"level": "read", "visibility": "all_unless_assigned"}}}],
    "owner_role": "owner", "former_owner_role": "member", "kept_when_disabled": ["billing"],
    "groups": {"inherit_from_parents": true}, "outsiders_hold_scoped_grants": false, "custom_roles": true
  })");
}

// What is told happens at the given instant (a plain small number of microseconds) and is recorded next.
class Story {
 public:
  explicit Story(const nlohmann::json& model = small_model()) : fold_(model) {
    happens(0, "org.created", {{"model", model.at("id")}, {"mode", "observe"}});
  }

  // Returns the event's position.
  std::int64_t happens(std::int64_t at, const std::string& type, const nlohmann::json& data) {
    ++position_;
    fold_.append({{"type", type}, {"occurred_us", at}, {"data", data}}, position_, 1'000'000 + position_);
    return position_;
  }
  std::int64_t retract(std::int64_t position) { return happens(999, "event.retracted", {{"position", position}}); }

  // "ann write all, bob read listed"
  std::string who(std::int64_t at, const std::string& permission, const std::optional<std::string>& resource = {},
                  const std::optional<std::string>& level = {}, std::optional<std::int64_t> known = {}) const {
    const OracleAnswer answer = fold_.who_can(permission, level, resource, at, known.value_or(position_));
    if (answer.before_history) return "before history";
    std::string line;
    for (const auto& [identity, row] : answer.rows) {
      line += (line.empty() ? "" : ", ") + identity + " " + row.level + " " + row.reach;
    }
    return line.empty() ? "nobody" : line;
  }

  // "ann active writer [g1 g2] since 5"
  std::string members(std::int64_t at) const {
    std::string line;
    for (const auto& [identity, row] : fold_.members(at, position_)) {
      line += (line.empty() ? "" : ", ") + identity + " " + row.status + " " + (row.role.empty() ? "-" : row.role);
      if (!row.groups.empty()) line += " " + in_brackets(row.groups);
      line += " since " + std::to_string(row.since_us);
    }
    return line.empty() ? "nobody" : line;
  }

  // "ann writer [g1]"
  std::string invited(std::int64_t at) const {
    std::string line;
    for (const auto& [identity, row] : fold_.invitations(at, position_)) {
      line += (line.empty() ? "" : ", ") + identity + " " + (row.role.empty() ? "-" : row.role);
      if (!row.groups.empty()) line += " " + in_brackets(row.groups);
    }
    return line.empty() ? "nobody" : line;
  }

  // "ann since 5"
  std::string in_group(std::int64_t at, const std::string& group) const {
    std::string line;
    for (const auto& [identity, row] : fold_.group_members(group, at, position_)) {
      line += (line.empty() ? "" : ", ") + identity + " since " + std::to_string(row.since_us);
    }
    return line.empty() ? "nobody" : line;
  }

  NaiveFold& fold() { return fold_; }
  std::int64_t last() const { return position_; }

 private:
  static std::string in_brackets(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "[" : " ") + name;
    return text + "]";
  }

  NaiveFold fold_;
  std::int64_t position_ = 0;
};

}  // namespace tenure::oracle
