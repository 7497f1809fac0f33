// The SIEM formats alone: a row for every type, escaping that any text survives, and nothing that an event may lack or
// hold makes an encoder fail. Property tests print their seed; TENURE_SEED repeats a run.

#include "projections/formats/formats.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "events/digest.h"
#include "events/model/actions.h"
#include "projections/formats/addresses.h"
#include "projections/formats/mapping.h"
#include "projections/formats/shown.h"
#include "tests/catch.h"
#include "tests/projections/cef_line.h"

namespace {

using namespace tenure;
using namespace tenure::formats;
using nlohmann::json;

const Source source{"store-1", "0.1.0", "audit.acme.test"};
const Format all[] = {Format::native, Format::ocsf, Format::ocsf_1_9, Format::ecs, Format::cef, Format::cloudevents};

std::mt19937_64 seeded() {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "TENURE_SEED=" << seed << "\n";
  return std::mt19937_64(seed);
}

// Text made of what formats trip over.
std::string nasty(std::mt19937_64& random) {
  static const std::vector<std::string> parts{
      "\\",   "|",  "=",   "\n", "\r", "\r\n", " ", "  ",     " cs1=", "\"",   "'", "\\n", "\\=", "\t", "a",
      "name", "{}", "\\|", "%",  "😀",  "Їжак", "é́", "\u2028", "\x7f",  "\x1b", "]", "[",   "<x>", ",",  "CEF:0|"};
  std::string text;
  const auto length = 1 + random() % 9;
  for (std::size_t i = 0; i < length; ++i) text += parts[random() % parts.size()];
  return text;
}

json member_added(const std::string& member, const std::string& actor) {
  return {{"actor", {{"kind", "member"}, {"id", actor}}},
          {"basis", "happened"},
          {"before", {{"member", false}}},
          {"data", {{"member", member}, {"role", "admin"}}},
          {"model", {{"id", "github"}, {"version", "abc"}}},
          {"occurred_at", "2024-02-29T10:00:00.25Z"},
          {"org", "acme"},
          {"position", 17},
          {"prev", std::string(64, '0')},
          {"recorded_at", "2024-02-29T10:00:01Z"},
          {"recorded_by", {{"channel", "api"}, {"token", "t_1"}}},
          {"schema", 1},
          {"type", "member.added"},
          {"verdict", {{"result", "allowed"}, {"rule", "adding"}, {"because", "an owner may"}}},
          {"version", 5}};
}

TEST_CASE("every event type has a row in the mapping, and the README tells every row") {
  std::ifstream file(std::string(TENURE_SOURCE_DIR) + "/projections/formats/README.md");
  std::ostringstream readme;
  readme << file.rdbuf();
  std::set<std::string_view> types, mapped;
  for (std::size_t i = 0; i < action_count; ++i) types.insert(action_type(i).name);
  for (const Row& row : rows()) {
    INFO(row.type);
    CHECK(mapped.insert(row.type).second);
    CHECK(&row_of(row.type) == &row);
    CHECK_FALSE(row.name.empty());
    CHECK_FALSE(row.ecs_kind.empty());
    const bool nameless =
        row.deed == Deed::other_entity || row.deed == Deed::other_user || row.deed == Deed::other_group;
    CHECK((!nameless || !row.activity.empty()));
    const std::string line = "\n| `" + std::string(row.type) + "`", beside = ", `" + std::string(row.type) + "` |";
    CHECK((readme.str().find(line) != std::string::npos || readme.str().find(beside) != std::string::npos));
  }
  for (const auto type : types) {
    INFO(type);
    CHECK(mapped.contains(type));
  }
}

TEST_CASE("a type that no row speaks of is told all the same") {
  json event = member_added("ben", "ana");
  event["type"] = "member.promoted";
  CHECK(row_of("member.promoted").type.empty());
  for (const Format format : all) {
    const auto messages = formats::messages(format, event, source);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].find("member.promoted") != std::string::npos);
  }
}

TEST_CASE("formats are found by the names that they have") {
  for (const Format format : all) {
    CHECK(format_of(name_of(format)) == format);
    CHECK(is_json(format) == (format != Format::cef));
  }
  for (const char* wrong : {"", "OCSF", "ocsf-1.8", "json", "cef "}) CHECK_FALSE(format_of(wrong));
}

TEST_CASE("a line of CEF gives back every value, whatever stands in them") {
  auto random = seeded();
  for (int round = 0; round < 3'000; ++round) {
    const auto member = nasty(random), actor = nasty(random), reason = nasty(random), type = nasty(random),
               version = nasty(random), approver = nasty(random), ticket = nasty(random), session = nasty(random);
    json event = member_added(member, actor);
    event["reason"] = reason;
    event["approved_by"] = {{"kind", "member"}, {"id", approver}};
    event["ticket"] = ticket;
    event["session"] = session;
    event["before"]["role"] = nasty(random);
    if (round % 2 == 0) event["type"] = type;
    const auto lines = messages(Format::cef, event, {"store-1", version, "audit"});
    INFO(lines.at(0));
    const auto read = test::read_cef(lines.at(0));
    REQUIRE(lines.size() == 1);
    REQUIRE(read);
    const auto one_line = [](std::string text) {
      for (char& c : text) c = c == '\n' || c == '\r' ? ' ' : c;
      return text;
    };
    const auto& extensions = read->extensions;
    REQUIRE(read->header[3] == one_line(version));
    REQUIRE(read->header[4] == one_line(event["type"].get<std::string>()));
    REQUIRE(extensions.at("act") == event["type"].get<std::string>());
    REQUIRE(extensions.at("suser") == actor);
    REQUIRE(extensions.at("reason") == reason);
    REQUIRE(extensions.at("cs6") == approver);
    REQUIRE(extensions.at("flexString1") == ticket);
    REQUIRE(extensions.at("TenureSession") == session);
    REQUIRE(json::parse(extensions.at("cs1")) == event["before"]);
    REQUIRE(json::parse(extensions.at("cs2")) == event["data"]);
    if (round % 2 != 0) REQUIRE(extensions.at("duser") == member);
  }
}

TEST_CASE("a line of CEF has the keys that collectors know, with their labels") {
  json event = member_added("ben@acme.test", "ana@acme.test");
  event["source_ip"] = "192.0.2.1";
  const auto line = test::read_cef(messages(Format::cef, event, source).at(0));
  REQUIRE(line);
  CHECK(line->header ==
        std::array<std::string, 7>{"CEF:0", "Tenure", "tenure", "0.1.0", "member.added", "Member added", "3"});
  const auto& extensions = line->extensions;
  CHECK(extensions.at("rt") == "1709200801000");
  CHECK(extensions.at("start") == "1709200800250");
  CHECK(extensions.at("outcome") == "success");
  CHECK(extensions.at("externalId") == "17");
  CHECK(extensions.at("deviceExternalId") == "store-1");
  CHECK(extensions.at("src") == "192.0.2.1");
  CHECK(extensions.at("cs1Label") == "before");
  CHECK(extensions.at("cs2Label") == "after");
  CHECK(extensions.at("cs3") == "acme");
  CHECK(extensions.at("cn1") == "17");
  CHECK(extensions.at("msg") == "Member added: ben@acme.test, role admin, by ana@acme.test");
  event["source_ip"] = "2001:db8::1";
  event["verdict"]["result"] = "violation";
  const auto other = test::read_cef(messages(Format::cef, event, source).at(0));
  REQUIRE(other);
  CHECK(other->extensions.at("c6a2") == "2001:db8::1");
  CHECK(other->extensions.count("src") == 0);
  CHECK(other->header[6] == "8");
}

TEST_CASE("a review's decision is told of the review, and names whose hold it is and everybody concerned") {
  json event = member_added("ben", "ana");
  event["type"] = "review.decided";
  event["data"] = {{"decision", "delegate"}, {"item", "i-1"}, {"member", "ben@acme.test"},
                   {"review", "q1"},         {"stage", 0},    {"state", "9f86"},
                   {"to", "cleo@acme.test"}};
  const auto line = test::read_cef(messages(Format::cef, event, source).at(0));
  REQUIRE(line);
  CHECK(line->header[5] == "Access decided in review");
  CHECK(line->extensions.at("cs5Label") == "access review");
  CHECK(line->extensions.at("cs5") == "q1");
  CHECK(line->extensions.at("duser") == "ben@acme.test");
  CHECK(line->extensions.at("msg") == "Access decided in review: q1, ben@acme.test, delegate, by ana");
  const json ecs = json::parse(messages(Format::ecs, event, source).at(0));
  CHECK(ecs.at("user").at("target").at("email") == "ben@acme.test");
  CHECK(ecs.at("related").at("user") == json{"ana", "ben@acme.test", "cleo@acme.test"});
  const json ocsf = json::parse(messages(Format::ocsf, event, source).at(0));
  CHECK(ocsf.at("class_uid") == 3004);
  CHECK(ocsf.at("activity_name") == "Decide");
  CHECK(ocsf.at("entity").at("uid") == "q1");
  CHECK(ocsf.at("entity").at("type") == "Access Review");
}

TEST_CASE("the begin of a report's period is taken for nobody") {
  json event = member_added("ben", "ana");
  event["type"] = "review.access_reported";
  event["data"] = {
      {"as_of", "2024-02-29T10:00:00Z"}, {"from", "2023-12-01T00:00:00Z"}, {"pinned", 16}, {"report", "r1"}};
  const json ecs = json::parse(messages(Format::ecs, event, source).at(0));
  CHECK(ecs.at("related").at("user") == json{"ana"});
  CHECK(json::parse(messages(Format::cloudevents, event, source).at(0)).at("subject") == "access report:r1");
}

TEST_CASE("texts of any letters come back whole from every format of JSON") {
  auto random = seeded();
  for (int round = 0; round < 1'000; ++round) {
    const auto member = nasty(random), actor = nasty(random);
    const json event = member_added(member, actor);
    for (const Format format : all) {
      if (!is_json(format)) continue;
      for (const auto& text : messages(format, event, source)) {
        REQUIRE(text.find('\n') == std::string::npos);
        const json message = json::parse(text);
        switch (format) {
          case Format::ocsf:
          case Format::ocsf_1_9:
            REQUIRE(message.at("user").at("uid") == member);
            REQUIRE(message.at("actor").at("user").at("uid") == actor);
            break;
          case Format::ecs:
            REQUIRE(message.at("user").at("target").at("name") == member);
            REQUIRE(message.at("user").at("name") == actor);
            break;
          case Format::cloudevents:
            REQUIRE(message.at("data") == event);
            REQUIRE(message.at("subject") == "member:" + member);
            break;
          default:
            REQUIRE(message == event);
        }
      }
    }
  }
}

// Takes a member away somewhere, or puts something else in its place.
void spoil(json& value, std::mt19937_64& random) {
  static const std::vector<json> others{nullptr, true, -1, 1e300, "text", json::array(), json::object(), {1, "a"}};
  if (value.is_object() && !value.empty()) {
    auto member = value.begin();
    std::advance(member, random() % value.size());
    if (random() % 3 != 0) return spoil(*member, random);
    value.erase(member);
    return;
  }
  value = others[random() % others.size()];
}

TEST_CASE("an event that lacks anything or holds something else is still told in every format") {
  auto random = seeded();
  std::vector<json> events{json::object(), json(nullptr), json("text")};
  for (const Row& row : rows()) {
    json event = member_added("ben", "ana");
    event["type"] = row.type;
    event["data"].update({{"group", "sre"}, {"grants", {{"p", "l"}}}, {"event", R"({"type":"x","data":{}})"}});
    event["before"].update({{"groups", {"sre"}}, {"grants", {{"p", "l"}}}, {"role", "read"}, {"members", {"cleo"}}});
    for (int i = 0; i < 60; ++i) {
      events.push_back(event);
      spoil(event, random);
    }
  }
  for (const json& event : events) {
    for (const Format format : all) {
      INFO(event.dump());
      const auto told = messages(format, event, source, Digest{});
      REQUIRE_FALSE(told.empty());
      for (const auto& text : told) {
        if (is_json(format) && format != Format::native) REQUIRE(json::parse(text).is_object());
        if (format == Format::cef) REQUIRE(test::read_cef(text));
      }
    }
  }
}

TEST_CASE("addresses are told from other texts as the formats' own patterns do") {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255"}) CHECK(is_ipv4(text));
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", "a.b.c.d", "+1.2.3.4"}) {
    INFO(text);
    CHECK_FALSE(is_ipv4(text));
  }
  for (const char* text : {"::", "::1", "1::", "2001:db8::7", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
                           "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1"}) {
    INFO(text);
    CHECK(is_ipv6(text));
  }
  for (const char* text : {"", ":", ":::", "1:2", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "g::",
                           "fe80::1%eth0", "1:2:3:4:5:6:7:", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4"}) {
    INFO(text);
    CHECK_FALSE(is_ipv6(text));
  }
  for (const char* text : {"ana@acme.test", "a+b@x-y.co.uk"}) CHECK(is_email(text));
  for (const char* text : {"ana", "ana@acme", "@acme.test", "ana@", "an a@acme.test", "ana@acme.", "é@acme.test"}) {
    INFO(text);
    CHECK_FALSE(is_email(text));
  }
}

TEST_CASE("the end of a large group is told in messages whose sum grows with the group and no faster") {
  const auto bytes_of = [](int members) {
    json event = member_added("ben", "ana");
    event["type"] = "group.deleted";
    event["data"] = {{"group", "all"}};
    event["before"] = {{"members", json::array()}};
    for (int i = 0; i < members; ++i) event["before"]["members"].push_back("member-" + std::to_string(10'000 + i));
    std::size_t bytes = 0;
    const auto told = messages(Format::ocsf, event, source);
    CHECK(told.size() == static_cast<std::size_t>(members) + 1);
    for (const auto& text : told) bytes += text.size();
    return bytes;
  };
  CHECK(bytes_of(4'000) < 5 * bytes_of(1'000));
}

}  // namespace
