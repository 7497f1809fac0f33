// Real records as OCSF: each message against the schema of its class, and what the messages of a record say together.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "events/digest.h"
#include "projections/formats/formats.h"
#include "tests/catch.h"
#include "tests/services/every_event.h"
#include "tests/services/json_schema.h"
#include "tests/shared_files.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using formats::Format;
using nlohmann::json;

const formats::Source source{"store-1", "0.1.0", "audit.acme.test"};

std::vector<json> told(Format format, const json& shown, const std::optional<Digest>& hash = std::nullopt) {
  std::vector<json> messages;
  for (const auto& text : formats::messages(format, shown, source, hash)) {
    CHECK(text.find('\n') == std::string::npos);
    messages.push_back(json::parse(text));
  }
  REQUIRE_FALSE(messages.empty());
  return messages;
}

class OcsfSchemas {
 public:
  // The faults of a message by the schema of its class.
  std::vector<std::string> faults(const json& message) const {
    const json of = message.value("class_uid", json());
    const auto schema = of.is_number_integer() ? schemas_.find(of.get<int>()) : schemas_.end();
    if (schema == schemas_.end()) return {"/class_uid: no class that there is"};
    return schema->second.faults(message);
  }

 private:
  static JsonSchema schema(const char* name) {
    return JsonSchema(testing::shared_files() / "ocsf" / (std::string(name) + ".schema.json"));
  }
  const std::map<int, JsonSchema> schemas_{
      {3001, schema("1.8.0/account_change")},      {3004, schema("1.8.0/entity_management")},
      {3005, schema("1.8.0/user_access")},         {3006, schema("1.8.0/group_management")},
      {3007, schema("1.9.0-dev/user_management")}, {3008, schema("1.9.0-dev/role_management")}};
};

// What must hold of the messages of any record.
void check_messages(const OcsfSchemas& schemas, const json& shown, const std::vector<json>& messages, bool coming) {
  INFO(shown.dump());
  const std::string position = std::to_string(shown.at("position").get<std::uint64_t>());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const json& message = messages[i];
    INFO(message.dump());
    const auto faults = schemas.faults(message);
    if (!faults.empty()) FAIL(faults.front());
    const json& metadata = message.at("metadata");
    const bool new_class = message.at("class_uid") >= 3007;
    if (metadata.at("uid") != position + "." + std::to_string(i + 1)) FAIL("uid");
    if (metadata.at("sequence") != shown.at("position")) FAIL("sequence");
    if (metadata.at("event_code") != shown.at("type")) FAIL("event_code");
    if (metadata.at("version") != (new_class ? "1.9.0-dev" : "1.8.0")) FAIL("version");
    if (metadata.at("correlation_uid") != messages[0].at("metadata").at("correlation_uid")) FAIL("correlation");
    if (!message.at("unmapped").contains("before") || !message.at("unmapped").contains("after")) FAIL("before, after");
    if (new_class && !coming) FAIL("a class of 1.9 in 1.8");
    if (coming && (message.at("class_uid") == 3001 || message.at("class_uid") == 3005)) FAIL("people are 3007 in 1.9");
    if (message.at("activity_id") == 99 && message.at("activity_name") == "") FAIL("an activity without a name");
    if (message.at("activity_id") == 0) FAIL("an unknown activity");
    const bool other = message.at("type_name").get<std::string>().ends_with(": Other");
    if (other != (message.at("activity_id") == 99)) FAIL("type_name");
  }
}

json by_type(const std::vector<json>& events, const std::string& type, std::size_t nth = 0) {
  for (const json& event : events) {
    if (event.at("type") == type && nth-- == 0) return event;
  }
  FAIL("no " << type);
  return {};
}

// "3005 Revoke Privileges ben role:owner" of each message.
std::vector<std::string> in_short(const std::vector<json>& messages) {
  std::vector<std::string> lines;
  for (const json& m : messages) {
    std::ostringstream line;
    line << m.at("class_uid") << " " << m.at("activity_name").get<std::string>();
    for (const char* object : {"group", "subgroup", "user"}) {
      if (m.contains(object)) line << " " << m.at(object).at("uid").get<std::string>();
    }
    if (m.contains("privileges")) {
      for (const auto& privilege : m.at("privileges")) line << " [" << privilege.get<std::string>() << "]";
    }
    lines.push_back(line.str());
  }
  return lines;
}
using Lines = std::vector<std::string>;

TEST_CASE("every event type becomes OCSF messages that the schemas of their classes accept") {
  REQUIRE_SHARED();
  RunningProgram program;
  const auto events = every_event(program);
  const OcsfSchemas schemas;
  std::set<std::string> types;
  for (std::size_t i = 0; i < events.size(); ++i) {
    types.insert(events[i].at("type").get<std::string>());
    const auto hash = record_hash(events, i);
    check_messages(schemas, events[i], told(Format::ocsf, events[i], hash), false);
    check_messages(schemas, events[i], told(Format::ocsf_1_9, events[i], hash), true);
    check_messages(schemas, events[i], told(Format::ocsf_1_9, events[i]), true);
  }
  CHECK(types == every_type());
}

TEST_CASE("every line of a real GitHub history becomes valid OCSF messages") {
  REQUIRE_SHARED();
  RunningProgram program;
  std::ifstream file(testing::shared_files() / "data" / "github-audit" / "kubernetes-sigs.ndjson");
  std::ostringstream lines;
  lines << file.rdbuf();
  const auto imported = program.post("/v1/orgs/kubernetes-sigs/import?format=github-audit", lines.str());
  INFO(imported.body.substr(0, 400));
  REQUIRE(imported.status < 300);
  const auto events = shown_events(program, "kubernetes-sigs");
  REQUIRE(events.size() > 7'000);
  const OcsfSchemas schemas;
  std::size_t messages = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto hash = record_hash(events, i);
    const auto now = told(Format::ocsf, events[i], hash), coming = told(Format::ocsf_1_9, events[i], hash);
    check_messages(schemas, events[i], now, false);
    check_messages(schemas, events[i], coming, true);
    messages += now.size();
  }
  std::cout << events.size() << " events, " << messages << " messages of OCSF 1.8.0\n";
  CHECK(messages > events.size());
}

TEST_CASE("what a message of OCSF lacks or has too much of is found by the schema") {
  REQUIRE_SHARED();
  RunningProgram program;
  const auto events = every_event(program);
  const OcsfSchemas schemas;
  const json good = told(Format::ocsf, by_type(events, "member.added"))[0];
  CHECK(schemas.faults(good).empty());
  for (const char* member : {"user", "metadata", "time", "type_uid", "severity_id"}) {
    json bad = good;
    bad.erase(member);
    INFO(member);
    CHECK_FALSE(schemas.faults(bad).empty());
  }
  for (const json& change : std::vector<json>{{{"activity_id", 2}},
                                              {{"time", "today"}},
                                              {{"severity_id", 7}},
                                              {{"attestation_list", json::array()}},
                                              {{"user", {{"type_id", 1}}}},
                                              {{"src_endpoint", {{"ip", "from the office"}}}}}) {
    json bad = good;
    bad.update(change);
    INFO(change.dump());
    CHECK_FALSE(schemas.faults(bad).empty());
  }
}

// "valid" or not of each message, as Debian's python3-jsonschema judges it.
std::vector<std::string> judged_elsewhere(const std::vector<json>& messages) {
  const TemporaryFolder folder;
  const std::string file = folder.path() + "/messages.ndjson", answers = folder.path() + "/answers";
  {
    std::ofstream out(file);
    for (const json& message : messages) out << message.dump() << "\n";
  }
  const std::string command = std::string(TENURE_PYTHON) + " -B " +
                              TENURE_SOURCE_DIR "/tests/services/judge_ocsf.py '" +
                              (testing::shared_files() / "ocsf").string() + "' '" + file + "' > '" + answers + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  std::vector<std::string> lines;
  std::ifstream in(answers);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_CASE("another reader of JSON Schema judges whole and spoiled messages of OCSF as this one does") {
  REQUIRE_SHARED();
  RunningProgram program;
  const auto events = every_event(program);
  const OcsfSchemas schemas;
  std::vector<json> messages;
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (const Format format : {Format::ocsf, Format::ocsf_1_9}) {
      const json good = told(format, events[i], record_hash(events, i)).back();
      messages.push_back(good);
      // Each time another member goes, and another is of a kind that it may not be.
      json less = good, odd = good;
      auto member = less.begin();
      std::advance(member, i % less.size());
      less.erase(member);
      member = odd.begin();
      std::advance(member, i % odd.size());
      *member = member->is_object() ? json{{"unheard_of", 1}} : json::object();
      messages.push_back(less);
      messages.push_back(odd);
    }
  }
  const auto elsewhere = judged_elsewhere(messages);
  REQUIRE(elsewhere.size() == messages.size());
  std::size_t invalid = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    INFO(messages[i].dump());
    const bool valid = schemas.faults(messages[i]).empty();
    CHECK((elsewhere[i] == "valid") == valid);
    invalid += !valid;
  }
  CHECK(invalid > messages.size() / 4);
}

TEST_CASE("a removal tells each thing that it ended, each ending once") {
  RunningProgram program;
  const auto events = every_event(program);
  const json removed = by_type(events, "member.removed");
  const std::string ben = "ben@acme.test";
  CHECK(in_short(told(Format::ocsf, removed)) ==
        Lines{"3001 Delete " + ben, "3005 Revoke Privileges " + ben + " [role:owner]",
              "3005 Revoke Privileges " + ben +
                  " [role:admin on repo:acme/web] [role:read on repo:*] [assignment:repo:acme/web]",
              "3006 Remove User sre " + ben});
  CHECK(in_short(told(Format::ocsf_1_9, removed)) ==
        Lines{"3007 Delete " + ben, "3007 Remove Roles " + ben + " [role:owner]",
              "3007 Remove Privileges " + ben +
                  " [role:admin on repo:acme/web] [role:read on repo:*] [assignment:repo:acme/web]",
              "3006 Remove User sre " + ben});
  CHECK(in_short(told(Format::ocsf, by_type(events, "group.deleted"))) ==
        Lines{"3006 Delete sre", "3006 Remove Subgroup eng sre",
              "3006 Revoke Privileges sre [role:write] [role:admin on repo:acme/web]", "3006 Remove Subgroup sre night",
              "3006 Remove User sre cleo"});
}

TEST_CASE("both people of a transfer of ownership are told, and both roles of a change") {
  RunningProgram program;
  const auto events = every_event(program);
  CHECK(in_short(told(Format::ocsf, by_type(events, "ownership.transferred"))) ==
        Lines{"3005 Assign Privileges ben@acme.test [ownership]", "3005 Revoke Privileges ben@acme.test [role:member]",
              "3005 Revoke Privileges olga@acme.test [ownership]", "3005 Revoke Privileges olga@acme.test [role:owner]",
              "3005 Assign Privileges olga@acme.test [role:member]"});
  const auto changed = told(Format::ocsf_1_9, by_type(events, "member.role_changed"));
  CHECK(in_short(changed) ==
        Lines{"3007 Assign Roles ben@acme.test [role:member]", "3007 Remove Roles ben@acme.test [role:owner]"});
  for (const json& message : changed) {
    CHECK(message.at("unmapped").at("before") == json{{"role", "owner"}});
    CHECK(message.at("unmapped").at("after") == json{{"member", "ben@acme.test"}, {"role", "member"}});
  }
  CHECK(changed[0].at("iam_roles").at(0).at("uid") == "member");
  CHECK_FALSE(told(Format::ocsf_1_9, by_type(events, "member.invited"))[0].contains("iam_roles"));
  CHECK(in_short(told(Format::ocsf, by_type(events, "invitation.accepted"))) ==
        Lines{"3001 Create ivy@acme.test", "3005 Assign Privileges ivy@acme.test [role:member]",
              "3006 Add User ops ivy@acme.test", "3006 Add User sre ivy@acme.test"});
  CHECK(in_short(told(Format::ocsf, by_type(events, "group.edited"))) ==
        Lines{"3006 Update sre", "3006 Revoke Privileges sre [role:read]", "3006 Assign Privileges sre [role:write]"});
  CHECK(in_short(told(Format::ocsf, by_type(events, "group.edited", 1))) ==
        Lines{"3006 Remove Subgroup sre night", "3006 Add Subgroup eng night"});
  CHECK(in_short(told(Format::ocsf, by_type(events, "group.edited", 3))) == Lines{"3006 Update night"});
}

TEST_CASE("who is disabled in one area only is not told to be disabled") {
  RunningProgram program;
  const auto events = every_event(program);
  const auto name = [&](const char* type, std::size_t nth) {
    return told(Format::ocsf, by_type(events, type, nth))[0].at("activity_name").get<std::string>();
  };
  CHECK(name("member.disabled", 0) == "Disable");
  CHECK(name("member.disabled", 1) == "Disable In Area");
  CHECK(name("member.enabled", 0) == "Enable");
  CHECK(name("member.enabled", 1) == "Enable In Area");
}

TEST_CASE("what was refused is told as a failure of what it would have been") {
  RunningProgram program;
  const auto events = every_event(program);
  const auto refused = told(Format::ocsf, by_type(events, "action.denied"));
  CHECK(in_short(refused) == Lines{"3005 Assign Privileges bob [role:owner]"});
  const json& message = refused[0];
  CHECK(message.at("status") == "Failure");
  CHECK(message.at("status_id") == 2);
  CHECK(message.at("message").get<std::string>().starts_with("Denied: Member's role changed: bob, role owner, by bob"));
  CHECK(message.at("severity") == "High");
  CHECK(message.at("action") == "Denied");
  CHECK(message.at("metadata").at("event_code") == "action.denied");
  CHECK(message.at("status_code") == by_type(events, "action.denied").at("data").at("rule"));
  CHECK(message.at("actor").at("user").at("uid") == "bob");
  CHECK(message.at("actor").at("session").at("uid") == "s-2");
  CHECK(json::parse(message.at("raw_data").get<std::string>()).at("data").at("role") == "owner");
  for (const json& part : told(Format::ocsf, by_type(events, "action.denied", 1))) CHECK(part.at("status_id") == 2);
}

TEST_CASE("a violation is high, observed and names its rule, and what is allowed is not") {
  RunningProgram program;
  const auto events = every_event(program);
  std::size_t violations = 0;
  for (const json& event : events) {
    if (event.at("type") == "action.denied") continue;
    const json message = told(Format::ocsf, event)[0];
    const bool violation = event.at("verdict").at("result") == "violation";
    violations += violation;
    INFO(message.dump());
    CHECK(message.contains("action_id") == violation);
    CHECK((message.at("severity_id") == 4) == violation);
    if (!violation) continue;
    CHECK(message.at("action") == "Observed");
    CHECK(message.at("status_code") == event.at("verdict").at("rule"));
    CHECK(message.at("status_detail") == event.at("verdict").at("because"));
    CHECK(message.at("authorizations").at(0).at("policy").at("uid") == event.at("verdict").at("rule"));
  }
  CHECK(violations > 0);
}

TEST_CASE("attestations of 1.9 form the organization's chain of hashes") {
  RunningProgram program;
  const auto events = every_event(program);
  std::map<std::string, std::string> attested;
  std::size_t linked = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto hash = record_hash(events, i);
    for (const json& message : told(Format::ocsf_1_9, events[i], hash)) {
      if (message.at("class_uid") < 3007 || !hash) {
        CHECK_FALSE(message.contains("attestation_list"));
        continue;
      }
      const json& one = message.at("attestation_list").at(0);
      const json& profiles = message.at("metadata").at("profiles");
      CHECK(std::count(profiles.begin(), profiles.end(), "record_integrity") == 1);
      CHECK(one.at("fingerprint").at("value") == to_hex(*hash));
      attested[one.at("uid").get<std::string>()] = to_hex(*hash);
      if (!one.contains("prev_event")) continue;
      const auto before = attested.find(one.at("prev_event").at("uid").get<std::string>());
      if (before == attested.end()) continue;  // of a class without attestations
      CHECK(one.at("prev_event").at("fingerprint").at("value") == before->second);
      ++linked;
    }
  }
  CHECK(linked > 10);
}

TEST_CASE("values before and after stand in the schema's own fields where it has them") {
  RunningProgram program;
  const auto events = every_event(program);
  const json setting = told(Format::ocsf, by_type(events, "org.setting_changed"))[0];
  CHECK(setting.at("entity").at("data").at("value") == "none");
  CHECK(setting.at("entity_result").at("data").at("value") == "write");
  const json role = told(Format::ocsf_1_9, by_type(events, "role.edited"))[0];
  CHECK(role.at("iam_role").at("privileges") == json{"repository=write"});
  CHECK(role.at("updated_role").at("privileges") == json{"repository=maintain"});
  CHECK(role.at("updated_role").at("name") == "Releaser");
  const json late = told(Format::ocsf, by_type(events, "member.invited"))[0];
  CHECK(late.at("time") == -1);  // a microsecond before 1970 is in the millisecond before
}

}  // namespace
