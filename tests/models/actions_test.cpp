// Who may do what to whom: every team action, by a holder of every role and by those who are no members, against
// everyone whom it can concern, on each of the five models. The answers stand in tests/models/*.actions.table.
#include <algorithm>
#include <map>

#include "tests/models/table.h"
#include "tests/models/verdicts.h"

namespace {

using namespace tenure;
using namespace tenure::testing;

// Tia is there to be acted upon and holds the model's lowest role where nothing else is said.
struct Scene {
  const char* model;
  const char* lowest;
  const char* other;  // what holders of the lowest role are given
  std::size_t cells;
};
constexpr Scene scenes[] = {{"newo", "viewer", "account_manager", 279},
                            {"chatbot-team", "member", "admin", 203},
                            {"answering-agent", "user", "manager", 279},
                            {"ccai", "agent", "supervisor", 357},
                            {"cx-modules", "agent", "auditor", 207}};

// Whether it makes sense of those who have the owner's role, or of them alone.
enum class Owners { asked, not_asked, alone };

// One line of questions: an action, and whom or what it concerns.
struct Question {
  std::string action, about;
  std::string type, data;
  std::string target_role;  // what Tia holds; empty: the lowest role
  bool to_oneself = false;  // whoever acts is the target: no data is right for all
  Owners owners = Owners::asked;

  std::string heading() const { return about.empty() ? action : action + " > " + about; }
};

std::string first_kind(const AccessModel& model) {
  return model.resource_kinds().empty() ? "thing" : model.resource_kinds().front().id;
}
std::string first_feature(const AccessModel& model) {
  return model.features().empty() ? "any" : model.features().front().id.text;
}
std::string about_role(const char* role) { return R"({"role": ")" + std::string(role) + R"(", "grants": {}})"; }

std::string grant(const std::string& to, const std::string& role) {
  return R"({"principal": "member:)" + to + R"(", "role": ")" + role + R"(", "on": "org"})";
}
std::string group_with(const char* role) { return R"({"group": "made", "role": ")" + std::string(role) + R"("})"; }

std::vector<const RoleRule*> roles_to_have(const AccessModel& model) {
  std::vector<const RoleRule*> roles;
  for (const RoleRule& role : model.roles()) {
    if (role.available) roles.push_back(&role);
  }
  return roles;
}

bool is_only_the_owners(const AccessModel& model, const std::string& role) {
  const auto index = model.role(role);
  return index && model.roles()[*index].cardinality == Cardinality::exactly_one;
}

// Tia, or where there can be one holder of the role only, the owner.
std::string target(const AccessModel& model, const std::string& role) {
  return is_only_the_owners(model, role) ? "oda" : "tia";
}

std::vector<Question> about_people(const Scene& scene, const AccessModel& model) {
  std::vector<Question> all;
  for (const RoleRule* role : roles_to_have(model)) {
    all.push_back({"invite", "as " + role->name, "member.invited", of("new", role->id.text), {}});
  }
  all.push_back({"invite", "without a role", "member.invited", of("new"), {}});
  all.push_back({"add somebody", "from outside", "member.added", of("new", scene.lowest), {}});
  all.push_back({"add somebody", "who is there, with another role", "member.added", of("tia", scene.other), {}});
  all.push_back({"cancel an invitation", "", "invitation.cancelled", of("ivy"), {}});
  for (const RoleRule* role : roles_to_have(model)) {
    const std::string next = role->id.text == scene.lowest ? scene.other : scene.lowest;
    const std::string who = target(model, role->id.text);
    all.push_back({"change a role", "of " + role->name, "member.role_changed", of(who, next), role->id.text});
  }
  for (const RoleRule* role : roles_to_have(model)) {
    if (role->id.text == scene.lowest) continue;
    all.push_back({"change a role", "to " + role->name, "member.role_changed", of("tia", role->id.text), {}});
  }
  all.push_back({"change a role", "one's own", "member.role_changed", "", {}, true});
  for (const auto& [action, type] : {std::pair{"remove", "member.removed"}, {"disable", "member.disabled"}}) {
    for (const RoleRule* role : roles_to_have(model)) {
      all.push_back({action, role->name, type, of(target(model, role->id.text)), role->id.text});
    }
    all.push_back({action, "oneself", type, "", {}, true});
  }
  all.push_back({"grant a role", "to another", "role.granted", grant("tia", scene.other), {}});
  all.push_back({"grant a role", "to oneself", "role.granted", "", {}, true});
  all.push_back({"transfer ownership", "one's own", "ownership.transferred", "", {}, true, Owners::alone});
  all.push_back({"transfer ownership", "somebody else's", "ownership.transferred", transfer("oda", "tia"), {}});
  all.push_back({"transfer ownership", "to oneself", "ownership.transferred", "", {}, true, Owners::not_asked});
  return all;
}

std::vector<Question> about_the_rest(const Scene& scene, const AccessModel& model) {
  const std::string made = R"({"role": "made", "name": "Made", "grants": {}})";
  const std::string system = scene.lowest;
  return {{"create a custom role", "", "role.created", made, {}},
          {"edit a custom role", "", "role.edited", about_role("own"), {}},
          {"reset a custom role", "", "role.reset", R"({"role": "own"})", {}},
          {"delete a custom role", "", "role.deleted", R"({"role": "own"})", {}},
          {"edit a default role", "", "role.edited", about_role(scene.lowest), {}},
          {"delete a default role", "", "role.deleted", R"({"role": ")" + system + R"("})", {}},
          {"make a group", "without a role", "group.created", R"({"group": "made"})", {}},
          {"make a group", "with a role", "group.created", group_with(scene.other), {}},
          {"put somebody into a group", "", "group.member_added", R"({"group": "team", "member": "tia"})", {}},
          {"assign a resource", "", "assignment.added", on("tia", first_kind(model) + ":1"), {}},
          {"switch a feature", "", "feature.disabled", R"({"feature": ")" + first_feature(model) + R"("})", {}},
          {"delete the organization", "", "org.deleted", "{}", {}}};
}

std::vector<Question> questions(const Scene& scene, const AccessModel& model) {
  std::vector<Question> all = about_people(scene, model);
  for (Question& question : about_the_rest(scene, model)) all.push_back(std::move(question));
  return all;
}

std::string answer_of(const Became& became) {
  const char* may = became.result == VerdictResult::allowed     ? "yes"
                    : became.result == VerdictResult::violation ? "no"
                                                                : "?";
  return became.rule.empty() ? may : may + (" | " + became.rule);
}

// A team in which one holds the role and acts, Tia is there, Ivy is invited, and there are a custom role, a group and a
// resource.
class Team {
 public:
  Team(const Scene& scene, const Question& question) : team_(scene.model), scene_(scene), question_(question) {
    const std::string role = question.target_role.empty() ? scene.lowest : question.target_role;
    if (!is_only_the_owners(team_.model(), role)) team_.with("tia", role);
    team_.by("oda", "member.invited", of("ivy", scene.lowest));
    team_.by("oda", "role.created", R"({"role": "own", "name": "Own", "grants": {}})");
    team_.by("oda", "group.created", R"({"group": "team"})");
    team_.by("oda", "resource.added", R"({"resource": ")" + first_kind(team_.model()) + R"(:1"})");
  }

  // Nothing where the question makes no sense of them.
  std::optional<std::string> answer_for(const RoleRule& role) {
    const bool alone = role.cardinality == Cardinality::exactly_one;
    const bool owns = role.id == team_.model().roles()[team_.model().owner_role()].id;
    if (question_.owners == (owns ? Owners::not_asked : Owners::alone)) return std::nullopt;
    const std::string actor = alone ? "oda" : "act";
    // There is nobody else who has what only this one has.
    if (alone && (question_.target_role == role.id.text || question_.about == "somebody else's")) return std::nullopt;
    if (!alone) team_.with(actor, role.id.text);
    return answer_of(team_.by(actor, question_.type, question_.to_oneself ? done_to(actor, role) : question_.data));
  }
  std::optional<std::string> answer_for(ActorKind kind) {
    if (question_.to_oneself) return std::nullopt;
    return answer_of(team_.by(kind, "somebody", question_.type, question_.data));
  }

 private:
  std::string done_to(const std::string& actor, const RoleRule& role) const {
    if (question_.owners == Owners::alone) return transfer(actor, "tia");
    if (question_.type == "ownership.transferred") return transfer("oda", actor);
    if (question_.type == "role.granted") return grant(actor, scene_.other);
    if (question_.type != "member.role_changed") return of(actor);
    return of(actor, role.id.text == scene_.lowest ? scene_.other : scene_.lowest);
  }

  WatchedTeam team_;
  const Scene& scene_;
  const Question& question_;
};

// "yes | rule" by who acts.
using Answers = std::vector<std::pair<std::string, std::string>>;

Answers answers(const Scene& scene, const Question& question) {
  Answers all;
  const auto add = [&](const std::string& who, const auto& actor) {
    if (const auto answer = Team(scene, question).answer_for(actor)) all.emplace_back(who, *answer);
  };
  for (const RoleRule* role : roles_to_have(shipped_model(scene.model))) add(role->name, *role);
  for (const ActorKind kind : {ActorKind::support, ActorKind::system, ActorKind::integration}) {
    add(std::string(to_text(kind)), kind);
  }
  return all;
}

Answers sorted(Answers answers) {
  std::sort(answers.begin(), answers.end());
  return answers;
}

// As the table has it: those with one answer on one line.
std::string lines_of(const Answers& answers) {
  std::vector<std::pair<std::string, std::string>> lines;  // answer, who
  for (const auto& [who, answer] : answers) {
    const auto same = std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line.first == answer; });
    if (same == lines.end()) {
      lines.emplace_back(answer, who);
    } else {
      same->second += ", " + who;
    }
  }
  std::string text;
  for (const auto& [answer, who] : lines) text += who + " | " + answer + "\n";
  return text;
}

// What the table says, by heading.
std::map<std::string, Answers> expected_answers(const std::string& model) {
  std::map<std::string, Answers> all;
  for (const TableRow& row : read_table(model + ".actions").rows) {
    const std::string heading = row.submodule.empty() ? row.module : row.module + " > " + row.submodule;
    const std::string answer = row.cells[1].empty() ? row.cells[0] : row.cells[0] + " | " + row.cells[1];
    for (const std::string& who : parts_of(row.name, ',')) all[heading].emplace_back(who, answer);
  }
  return all;
}

}  // namespace

TEST_CASE("every team action by every role, to whomever it can concern, is judged as the platform's text has it") {
  for (const Scene& scene : scenes) {
    const AccessModel& model = shipped_model(scene.model);
    auto expected = expected_answers(scene.model);
    std::size_t cells = 0;
    for (const Question& question : questions(scene, model)) {
      const Answers found = answers(scene, question);
      cells += found.size();
      INFO(scene.model << ", found:\n[" << question.heading() << "]\n" << lines_of(found));
      CHECK(sorted(expected[question.heading()]) == sorted(found));
      expected.erase(question.heading());
    }
    CHECK(cells == scene.cells);
    for (const auto& [heading, lines] : expected) FAIL_CHECK(scene.model << ": nothing asks about " << heading);
  }
}

TEST_CASE("what a table of actions names as a rule is one of the model, or holds under every model") {
  for (const Scene& scene : scenes) {
    const AccessModel& model = shipped_model(scene.model);
    for (const TableRow& row : read_table(scene.model + std::string(".actions")).rows) {
      const auto is_named = [&](const ActionRule& rule) { return rule.id == row.cells[1]; };
      const bool of_model = std::any_of(model.rules().begin(), model.rules().end(), is_named);
      const bool of_all = row.cells[1].starts_with("lifecycle.") || row.cells[1].ends_with(".not_allowed");
      INFO(scene.model << ": " << row.cells[1]);
      CHECK((row.cells[0] == "?" ? row.cells[1].empty() || of_model : of_model || of_all));
    }
  }
}
