// Real records as Elastic Common Schema, CloudEvents, CEF and as they are: what each format demands of every event.

#include <iostream>
#include <regex>

#include "events/digest.h"
#include "events/instant.h"
#include "projections/formats/formats.h"
#include "tests/catch.h"
#include "tests/projections/cef_line.h"
#include "tests/services/every_event.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using formats::Format;
using nlohmann::json;

const formats::Source source{"store-1", "0.1.0", "audit.acme.test"};

std::string told(Format format, const json& shown, const std::optional<Digest>& hash = std::nullopt) {
  const auto messages = formats::messages(format, shown, source, hash);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].find_first_of("\r\n") == std::string::npos);
  return messages[0];
}

json by_type(const std::vector<json>& events, const std::string& type) {
  for (const json& event : events) {
    if (event.at("type") == type) return event;
  }
  FAIL("no " << type);
  return {};
}

// What an index makes of a document: each field's path and the kind of what stands there; a list is what is in it.
void fields_of(const json& value, const std::string& path, std::map<std::string, std::set<std::string>>& fields) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      CHECK(name.find('.') == std::string::npos);
      fields_of(member, path.empty() ? name : path + "." + name, fields);
    }
    fields[path].insert("object");
  } else if (value.is_array()) {
    for (const json& item : value) fields_of(item, path, fields);
  } else if (!value.is_null()) {
    fields[path].insert(value.is_string() ? "text" : value.is_boolean() ? "flag" : "number");
  }
}

TEST_CASE("every event type as ECS has the fields that a detection rule asks for") {
  RunningProgram program;
  const auto events = every_event(program);
  const std::set<std::string> categories{"iam", "configuration"},
      types{"admin", "change", "creation", "deletion", "group", "info", "user"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const json& event = events[i];
    const json document = json::parse(told(Format::ecs, event, record_hash(events, i)));
    INFO(document.dump());
    const json& about = document.at("event");
    CHECK(about.at("kind") == "event");
    CHECK(about.at("category").at(0) == "iam");
    for (const auto& category : about.at("category")) CHECK(categories.contains(category.get<std::string>()));
    CHECK_FALSE(about.at("type").empty());
    for (const auto& type : about.at("type")) CHECK(types.contains(type.get<std::string>()));
    CHECK(about.at("action") == event.at("type"));
    CHECK(about.at("outcome") == (event.at("type") == "action.denied" ? "failure" : "success"));
    CHECK(about.at("id") == std::to_string(event.at("position").get<std::uint64_t>()));
    CHECK(about.at("sequence") == event.at("position"));
    CHECK(document.at("@timestamp") == event.at("occurred_at"));
    CHECK(about.at("created") == event.at("recorded_at"));
    CHECK(document.at("ecs").at("version") == "8.11.0");
    CHECK(document.at("user").at("name") == event.at("actor").at("id"));
    CHECK(document.at("organization").at("id") == event.at("org"));
    CHECK(document.at("tenure").at("version") == event.at("version"));
    const json& related = document.at("related").at("user");
    CHECK(std::count(related.begin(), related.end(), event.at("actor").at("id")) == 1);
    if (event.at("verdict").contains("rule")) CHECK(document.at("rule").contains("name"));
  }
}

TEST_CASE("a field of ECS is of one kind in all events, so that no index refuses one") {
  RunningProgram program;
  std::map<std::string, std::set<std::string>> fields;
  const auto events = every_event(program);
  for (const json& event : events) fields_of(json::parse(told(Format::ecs, event)), "", fields);
  for (const auto& [path, kinds] : fields) {
    INFO(path);
    CHECK(kinds.size() == 1);
  }
  CHECK(fields.size() > 60);
  CHECK(fields.contains("tenure.before.grants"));
  CHECK_FALSE(fields.contains("tenure.before.grants.repository"));
}

TEST_CASE("ECS tells who was meant, what they had and what they have") {
  RunningProgram program;
  const auto events = every_event(program);
  const json changed = json::parse(told(Format::ecs, by_type(events, "member.role_changed")));
  CHECK(changed.at("user").at("target").at("email") == "ben@acme.test");
  CHECK(changed.at("user").at("target").at("roles") == json{"owner"});
  CHECK(changed.at("user").at("changes").at("roles") == json{"member"});
  CHECK(changed.at("tenure").at("before").at("role") == "owner");
  CHECK(changed.at("tenure").at("after").at("role") == "member");
  CHECK(changed.at("source").at("ip") == "203.0.113.7");
  const json joined = json::parse(told(Format::ecs, by_type(events, "group.member_added")));
  CHECK(joined.at("event").at("type") == json{"user", "change"});
  CHECK(joined.at("user").at("target").at("group").at("name") == "sre");
  CHECK(joined.at("group").at("id") == "sre");
  const json denied = json::parse(told(Format::ecs, by_type(events, "action.denied")));
  CHECK(denied.at("rule").at("name") == by_type(events, "action.denied").at("data").at("rule"));
  CHECK(denied.at("event").at("reason") == by_type(events, "action.denied").at("data").at("because"));
  CHECK(json::parse(denied.at("event").at("original").get<std::string>()).at("type") == "member.role_changed");
  CHECK(denied.at("user").at("target").at("name") == "bob");
  CHECK(denied.at("user").at("changes").at("roles") == json{"owner"});
  CHECK(denied.at("tenure").at("session") == "s-2");
  CHECK(denied.at("tenure").at("attempted").at("role") == "owner");
  const json line = json::parse(told(Format::ecs, by_type(events, "source.recorded")));
  CHECK(line.at("event").at("original") == by_type(events, "source.recorded").at("data").at("raw"));
  CHECK_FALSE(line.at("tenure").at("after").contains("raw"));
}

TEST_CASE("every event type as a CloudEvent has the attributes that the specification demands, and its own data") {
  RunningProgram program;
  const auto events = every_event(program);
  const std::regex attribute("[a-z0-9]{1,20}"), uri("urn:tenure:[A-Za-z0-9%._~-]+:[A-Za-z0-9%._~-]+");
  std::set<std::pair<std::string, std::string>> ids;
  std::map<std::string, std::string> last;
  for (const json& event : events) {
    const json cloud = json::parse(told(Format::cloudevents, event));
    INFO(cloud.dump());
    CHECK(cloud.at("specversion") == "1.0");
    CHECK(cloud.at("type") == "io.tenure." + event.at("type").get<std::string>());
    CHECK(cloud.at("datacontenttype") == "application/json");
    CHECK(cloud.at("data") == event);
    CHECK(cloud.at("time") == event.at("occurred_at"));
    CHECK_FALSE(cloud.at("subject").get<std::string>().empty());
    const auto from = cloud.at("source").get<std::string>(), sequence = cloud.at("sequence").get<std::string>();
    CHECK(std::regex_match(from, uri));
    CHECK(ids.emplace(from, cloud.at("id").get<std::string>()).second);
    CHECK(last[from] < sequence);
    last[from] = sequence;
    for (const auto& [name, value] : cloud.items()) {
      CHECK(std::regex_match(name, attribute));
      CHECK((name == "data" || value.is_string()));
    }
  }
}

TEST_CASE("every event type is one line of CEF that an independent reader takes apart") {
  RunningProgram program;
  const auto events = every_event(program);
  for (const json& event : events) {
    const auto text = told(Format::cef, event);
    INFO(text);
    const auto line = read_cef(text);
    REQUIRE(line);
    CHECK(line->header[4] == event.at("type"));
    const auto& extensions = line->extensions;
    CHECK(json::parse(extensions.at("cs1")) == event.at("before"));
    const json after = json::parse(extensions.at("cs2"));
    for (const auto& [name, value] : after.items()) CHECK(event.at("data").at(name) == value);
    for (const auto& [name, value] : event.at("data").items()) {
      const bool elsewhere = name == "raw" || name == "event" || name == "document" || name == "hash";
      CHECK(after.contains(name) != elsewhere);
    }
    const std::string kept = event.at("data").value("raw", event.at("data").value("event", std::string()));
    CHECK((extensions.contains("rawEvent") ? extensions.at("rawEvent") : std::string()) == kept);
    CHECK(extensions.at("outcome") == (event.at("type") == "action.denied" ? "failure" : "success"));
    CHECK(extensions.at("start") ==
          std::to_string(static_cast<std::int64_t>(
              std::floor(static_cast<double>(parse_instant(event.at("occurred_at").get<std::string>())->us) / 1000))));
    for (const auto& [key, value] : extensions) {
      if (key.ends_with("Label")) CHECK(extensions.contains(key.substr(0, key.size() - 5)));
      if (key.starts_with("cs") && key.size() == 3) CHECK(extensions.contains(key + "Label"));
    }
  }
}

TEST_CASE("a line of CEF names whom and what an event is about, of a refusal too") {
  RunningProgram program;
  const auto events = every_event(program);
  const auto extensions = [&](const char* type) {
    const auto line = read_cef(told(Format::cef, by_type(events, type)));
    REQUIRE(line);
    return line->extensions;
  };
  CHECK(extensions("group.member_added").at("duser") == "ben@acme.test");
  CHECK(extensions("group.member_added").at("cs5") == "sre");
  CHECK(extensions("assignment.added").at("cs5") == "repo:acme/web");
  CHECK(extensions("role.created").at("cs5") == "release");
  CHECK(extensions("role.created").at("cs5Label") == "role");
  auto denied = extensions("action.denied");
  CHECK(denied.at("duser") == "bob");
  CHECK(denied.at("cs5") == "owner");
  CHECK(denied.at("reason") == "why not");
  CHECK(denied.at("TenureSession") == "s-2");
}

TEST_CASE("native is the very event that the API shows") {
  RunningProgram program;
  const auto events = every_event(program);
  for (const json& event : events) CHECK(json::parse(told(Format::native, event)) == event);
}

}  // namespace
