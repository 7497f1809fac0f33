// What each shipped model lets slip.
#include "events/model/analysis.h"

#include <algorithm>
#include <sstream>

#include "tests/catch.h"
#include "tests/models/watched_team.h"

namespace {

using namespace tenure;
using namespace tenure::testing;

std::string name(const AccessModel& model, const AnalysedRole& role) {
  return role ? model.roles()[*role].id.text : "custom";
}

// "viewer > owner: self viewer member.role_changed self owner by role_assigners_assign" and so on, one line each.
std::vector<std::string> told(const AccessModel& model) {
  std::vector<std::string> lines;
  for (const Escalation& found : find_escalations(model).found) {
    std::ostringstream line;
    line << name(model, found.role) << " > " << name(model, found.to) << (found.alone ? "" : " (together)") << ":";
    for (const Step& step : found.steps) {
      line << (step.by_self ? " self" : " another") << " as " << name(model, step.as);
      for (const auto action : step.actions) line << " " << action;
      line << (step.for_self ? " to self" : " to another") << ";";
    }
    lines.push_back(line.str());
  }
  return lines;
}

std::vector<std::string> held_by_nobody(const AccessModel& model) {
  std::vector<std::string> names;
  for (const HeldByNobody& each : find_held_by_nobody(model)) {
    names.push_back(model.permissions()[each.permission].name + (each.custom_roles_may ? " (custom)" : ""));
  }
  return names;
}

using Lines = std::vector<std::string>;

std::vector<std::pair<std::string, std::string>> inclusions(const AccessModel& model) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [more, less] : find_inclusions(model).includes) {
    found.emplace_back(model.roles()[more].id.text, model.roles()[less].id.text);
  }
  return found;
}
using Pairs = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("in newo a Viewer gives themselves any role, and whoever lacks the builder takes it") {
  const AccessModel& model = shipped_model("newo");
  CHECK(told(model) == Lines{"owner > technical_owner: self as owner member.role_changed to self;",
                             "account_manager > technical_owner: self as account_manager member.role_changed to self;",
                             "viewer > owner: self as viewer member.role_changed to self;",
                             "viewer > technical_owner: self as viewer member.role_changed to self;",
                             "viewer > account_manager: self as viewer member.role_changed to self;"});
  const auto escalations = find_escalations(model);
  CHECK(escalations.searched == Searched::together);
  CHECK(escalations.total == 5);
  for (const Escalation& found : escalations.found) {
    CHECK(found.steps.front().rule == "role_assigners_assign");
    CHECK_FALSE(found.gains.empty());
  }
}

TEST_CASE("in newo the Owner and the Account Manager grant the same, and all others include the Viewer") {
  const AccessModel& model = shipped_model("newo");
  const auto found = find_inclusions(model);
  CHECK(found.same_power == std::vector<std::vector<RoleIndex>>{{0, 2}});
  CHECK(found.total == 5);
  CHECK(inclusions(model) == Pairs{{"owner", "viewer"},
                                   {"technical_owner", "owner"},
                                   {"technical_owner", "account_manager"},
                                   {"technical_owner", "viewer"},
                                   {"account_manager", "viewer"}});
}

TEST_CASE("in chatbot-team and answering-agent nobody raises themselves, and each role includes those below it") {
  CHECK(told(shipped_model("chatbot-team")).empty());
  CHECK(told(shipped_model("answering-agent")).empty());
  CHECK(inclusions(shipped_model("chatbot-team")) ==
        Pairs{{"owner", "admin"}, {"owner", "member"}, {"admin", "member"}});
  CHECK(inclusions(shipped_model("answering-agent")).size() == 6);
}

TEST_CASE("in ccai whoever changes roles raises a colleague who raises them back, and nobody does it alone") {
  const AccessModel& model = shipped_model("ccai");
  const auto lines = told(model);
  for (const Escalation& found : find_escalations(model).found) {
    INFO(model.roles()[found.role].name);
    // What the App Owner takes is a custom role that they make.
    CHECK((!found.alone || found.role == model.owner_role()));
  }
  for (const char* start : {"supervisor > app_developer (together): ", "app_tester > supervisor (together): "}) {
    const auto is = [&](const std::string& line) { return line.starts_with(start); };
    CHECK(std::count_if(lines.begin(), lines.end(), is) == 1);
  }
  // Nobody becomes the App Owner, and Agents become nothing else.
  for (const std::string& line : lines) {
    CHECK(line.find("> app_owner") == std::string::npos);
    CHECK_FALSE(line.starts_with("agent >"));
  }
}

TEST_CASE("in ccai two permissions are nobody's until a custom role takes them") {
  CHECK(held_by_nobody(shipped_model("ccai")) ==
        Lines{"Call Dialing Stage Settings (custom)", "Access to Agent’s Personal Dashboard (custom)"});
  for (const char* id : {"newo", "chatbot-team", "answering-agent", "cx-modules", "github"}) {
    CHECK(held_by_nobody(shipped_model(id)).empty());
  }
}

TEST_CASE("no shipped model has a rule that decides nothing") {
  for (const char* id : {"newo", "chatbot-team", "answering-agent", "ccai", "cx-modules", "github"}) {
    for (const IdleRule& idle : find_idle_rules(shipped_model(id))) {
      FAIL_CHECK(id << ": " << shipped_model(id).rules()[idle.rule].id << ": " << idle.because);
    }
  }
  SUCCEED("looked at all of them");
}
