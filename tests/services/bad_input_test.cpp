// What a client can get wrong, as one table a kind: each row is asked over HTTP, refused with the status and the code
// that are promised, names the field or parameter at fault and says what to do; and the organization is as it was
// before. Retries, versions, tokens, slow clients and what sets an organization up: bad_sending_test.cpp.

#include <functional>

#include "events/instant.h"
#include "services/record/recorder.h"
#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::percent;
using test::TwoOrganizations;
using test::Wrong;
using namespace std::string_literals;

const std::string to_acme = "/v1/orgs/acme/events";

Wrong body(const std::string& what, const std::string& text, int status, const std::string& code,
           const std::string& field, const std::string& says) {
  return {what, "POST", to_acme, text, {}, status, code, field, says};
}
Wrong query(const std::string& what, const std::string& rest, int status, const std::string& code,
            const std::string& field, const std::string& says) {
  return {what, "GET", "/v1/orgs/acme" + rest, {}, {}, status, code, field, says};
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}
std::string many(int count, const std::function<std::string(int)>& one) {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i == 0 ? "" : ",") + one(i);
  return all;
}

}  // namespace

TEST_CASE("an event that is not JSON is refused with the byte where it stops being so") {
  TwoOrganizations org;
  const std::string actor = R"("actor":{"kind":"member","id":"ana"},)";
  const auto offset_of = [&](const std::string& text, const std::string& says) {
    const auto answer = org.refuse(body("malformed", text, 400, "malformed_json", "", says));
    return answer.json().at("offset").get<std::size_t>();
  };
  CHECK(offset_of("{", "ends") == 1);
  CHECK(offset_of(R"({"type":"member.added",})", "name in double quotes") == 23);
  CHECK(offset_of(R"({"type":'member.added'})", "JSON value") == 8);
  CHECK(offset_of(R"({"type":"a"} trailing)", "goes on after the end") == 13);
  CHECK(offset_of("\xEF\xBB\xBF{}", "byte order mark") == 0);
  CHECK(offset_of(R"({"type":01})", "leading zeros") == 9);
  CHECK(offset_of(R"({"position":1e999})", "too large for a double") == 12);
  CHECK(offset_of("{\"type\":\"a\xff\"}", "not valid UTF-8") == 10);
  CHECK(offset_of("{\"type\":\"a\0b\"}"s, "control character") == 10);
  CHECK(offset_of("{\"type\":\"a\"\0}"s, "comma") == 11);
  CHECK(offset_of(R"({"type":"\ud800"})", "surrogate") == 9);
  CHECK(offset_of(R"({"data":)" + nested(100) + "}", "64 levels") == 8 + 63);
  CHECK(offset_of(nested(100), "64 levels") == 64);
  CHECK(offset_of(R"({"a":)" + nested(100'000) + "}", "64 levels") == 5 + 63);

  // A batch as lines: the bytes are counted from the body's begin, and the line is named.
  const std::string good = TwoOrganizations::event("zoe");
  const auto lines = org.refuse({"a bad line",
                                 "POST",
                                 to_acme,
                                 good + "\n{\"type\":}\n" + good,
                                 {"Content-Type: application/x-ndjson"},
                                 400,
                                 "malformed_json",
                                 "",
                                 "JSON value"});
  CHECK(lines.json().at("index") == 1);
  CHECK(lines.json().at("offset") == good.size() + 1 + 8);
}

TEST_CASE("an event with a wrong field, kind or name is refused and the field named") {
  TwoOrganizations org;
  const auto with = [](const std::string& member) { return "{" + member + R"("actor":{"kind":"system","id":"x"}})"; };
  const auto added = [](const std::string& data) {
    return R"({"type":"member.added","actor":{"kind":"system","id":"x"},"data":)" + data + "}";
  };
  const auto at = [](const std::string& time) {
    return TwoOrganizations::event("zoe", R"("occurred_at":)" + time + ",");
  };
  const std::string long_name(321, 'n'), long_text(4097, 't');
  org.refuse_all({
      body("no body", "", 400, "malformed_json", "", "ends where a JSON value"),
      body("no event", "[]", 400, "missing_field", "", "send an object, an array or lines"),
      body("a number for an event", "7", 400, "invalid_field", "the event", "must be an object"),
      body("no type", with(""), 400, "missing_field", "/type", "member.added"),
      body("an unknown type", with(R"("type":"member.promoted",)"), 400, "unknown_type", "/type", "member.promoted"),
      body("a type of Tenure's own", with(R"("type":"action.denied",)"), 400, "unknown_type", "/type",
           "cannot be sent"),
      body("a creation", with(R"("type":"org.created",)"), 400, "unknown_type", "/type", "cannot be sent"),
      body("a type that is a number", with(R"("type":7,)"), 400, "invalid_field", "/type", "must be a text"),
      body("an unknown field", with(R"("type":"org.deleted","when":1,)"), 400, "unknown_field", "/when", "occurred_at"),
      body("a field twice", with(R"("type":"org.deleted","type":"org.deleted",)"), 400, "malformed_json", "/type",
           "twice"),
      body("an unknown field of the data", added(R"({"member":"zoe","rank":1})"), 400, "unknown_field", "/data/rank",
           "member.added"),
      body("no data", R"({"type":"member.added","actor":{"kind":"system","id":"x"}})", 400, "missing_field", "/data",
           "data"),
      body("no actor", R"({"type":"member.added","data":{"member":"zoe"}})", 400, "missing_field", "/actor", "who did"),
      body("no member", added("{}"), 400, "missing_field", "/data/member", "needs \"member\""),
      body("data that is a list", added("[]"), 400, "invalid_field", "/data", "must be an object"),
      body("a member that is a number", added(R"({"member":7})"), 400, "invalid_field", "/data/member", "a text"),
      body("a member that is nothing", added(R"({"member":""})"), 400, "invalid_field", "/data/member", "1 to 320"),
      body("a member that is too long", added(R"({"member":")" + long_name + "\"}"), 413, "too_large", "/data/member",
           "at most 320"),
      body("a NUL in a member", added(R"({"member":"z\u0000e"})"), 400, "invalid_field", "/data/member", "NUL"),
      body("a line break in a member", added(R"({"member":"z\ne"})"), 400, "invalid_field", "/data/member", "control"),
      body("an actor of no kind", R"({"type":"org.deleted","actor":{"id":"x"}})", 400, "missing_field", "/actor/kind",
           "kind"),
      body("an actor of an unknown kind", R"({"type":"org.deleted","actor":{"kind":"robot","id":"x"}})", 400,
           "invalid_field", "/actor/kind", "integration"),
      body("an unknown basis", TwoOrganizations::event("zoe", R"("basis":"guessed",)"), 400, "invalid_field", "/basis",
           "baseline"),
      body("a reason that is too long", TwoOrganizations::event("zoe", R"("reason":")" + long_text + "\","), 413,
           "too_large", "/reason", "at most 4096"),
      body("a retraction without a reason",
           R"({"type":"event.retracted","actor":{"kind":"system","id":"x"},"data":{"position":1}})", 400,
           "missing_field", "/reason", "reason"),
      body("a retraction of nothing yet",
           R"({"type":"event.retracted","reason":"r","actor":{"kind":"system","id":"x"},"data":{"position":9999}})",
           400, "unknown_event", "/data/position", "9999"),
      body("a position that is half",
           R"({"type":"event.retracted","reason":"r","actor":{"kind":"system","id":"x"},)"
           R"("data":{"position":1.5}})",
           400, "invalid_field", "/data/position", "1 or more"),
      body("an instant in no calendar", at("\"2023-02-29T10:00:00Z\""), 400, "invalid_field", "/occurred_at",
           "no calendar"),
      body("a date for an instant", at("\"2024-02-29\""), 400, "invalid_field", "/occurred_at", "2024-02-29T10:00:00Z"),
      body("an instant without an offset", at("\"2024-02-29T10:00:00\""), 400, "invalid_field", "/occurred_at",
           "offset"),
      body("an hour of no day", at("\"2024-02-29T24:00:00Z\""), 400, "invalid_field", "/occurred_at", "23:59:59"),
      body("a number for an instant", at("1709200800"), 400, "invalid_field", "/occurred_at", "RFC 3339"),
  });
}

TEST_CASE("an event six minutes ahead is refused, one four minutes ahead is taken") {
  TwoOrganizations org;
  const auto ahead = [&](const std::string& member, std::int64_t minutes) {
    const Instant at{services::system_clock_now().us + minutes * 60'000'000};
    return TwoOrganizations::event(member, R"("occurred_at":")" + format_instant(at) + "\",");
  };
  org.refuse(body("six minutes ahead", ahead("zoe", 6), 422, "in_the_future", "/occurred_at", "5 minutes"));
  CHECK(org.program.post(to_acme, ahead("zoe", 4)).status == 201);
}

TEST_CASE("all of a batch is refused together, with the index of each bad event") {
  TwoOrganizations org;
  const std::string good = TwoOrganizations::event("zoe"), odd = R"({"type":"no.such"})";
  const std::string late = TwoOrganizations::event("yan", R"("occurred_at":"2999-01-01T00:00:00Z",)");
  const auto indexes = [](const HttpAnswer& answer) {
    std::vector<int> all;
    const json problem = answer.json();
    for (const json& error : problem.at("errors")) all.push_back(error.at("index").get<int>());
    return all;
  };
  const auto read = org.refuse(
      body("read", "[" + good + "," + odd + "," + good + "," + odd + "]", 400, "unknown_type", "/type", "no.such"));
  CHECK(indexes(read) == std::vector{1, 3});
  const auto judged = org.refuse(
      body("judged", "[" + late + "," + good + "," + late + "]", 422, "in_the_future", "/occurred_at", "5 minutes"));
  CHECK(indexes(judged) == std::vector{0, 2});
}

TEST_CASE("what is larger than its limit is refused, and the limit named") {
  TwoOrganizations org;
  const std::string invitation =
      R"({"type":"member.invited","actor":{"kind":"member","id":"ana"},"data":{"member":"zoe",)"
      R"("groups":[)";
  const auto group = [](int i) { return '"' + std::to_string(i) + std::string(300, 'g') + '"'; };
  const std::string large = invitation + many(900, group) + "]}}";
  const auto record = org.refuse(body("a record too large", "[" + TwoOrganizations::event("zoe") + "," + large + "]",
                                      413, "too_large", "", "65535"));
  CHECK(record.json().at("errors").at(0).at("index") == 1);

  const auto one = [](int i) { return TwoOrganizations::event("m" + std::to_string(i)); };
  const auto batch =
      org.refuse(body("a batch too long", "[" + many(10'001, one) + "]", 413, "too_large", "", "at most 10000 events"));
  CHECK(batch.json().at("errors").at(0).at("index") == 10'000);
  std::string lines;
  for (int i = 0; i < 10'001; ++i) lines += one(i) + "\n";
  org.refuse({"a batch of lines too long",
              "POST",
              to_acme,
              lines,
              {"Content-Type: application/x-ndjson"},
              413,
              "too_large",
              "",
              "at most 10000 events"});
  org.refuse(body("a body too large", std::string((16U << 20) + 1, ' '), 413, "too_large", "", "16777216 bytes"));
  org.refuse({"headers too large",
              "GET",
              "/v1/orgs/acme",
              {},
              {"X-Long: " + std::string(20'000, 'x')},
              431,
              "head_too_large",
              "",
              "16384"});
  CHECK(org.program.post(to_acme, "[" + many(10'000, one) + "]").status == 201);
}

TEST_CASE("a question that cannot be answered is refused and the parameter named") {
  TwoOrganizations org;
  const std::string who = "/who-can?permission=repository", can = "/can?member=ana&permission=repository";
  org.refuse_all({
      {"an unknown organization", "GET", "/v1/orgs/none", {}, {}, 404, "unknown_org", "org", "GET /v1/orgs"},
      {"events to one",
       "POST",
       "/v1/orgs/none/events",
       TwoOrganizations::event("a"),
       {},
       404,
       "unknown_org",
       "org",
       "POST /v1/orgs"},
      query("no permission", "/who-can", 400, "missing_field", "permission", "needed"),
      query("an unknown permission", "/who-can?permission=fly", 400, "unknown_permission", "permission", "/v1/models"),
      query("an unknown level", who + "&level=own", 400, "unknown_level", "level", "none, read, triage"),
      query("an unknown kind of resource", who + "&resource=car:1", 400, "unknown_resource", "resource", "car"),
      query("a resource without a kind", who + "&resource=site", 400, "invalid_field", "resource", "kind:id"),
      query("no member", "/can?permission=repository", 400, "missing_field", "member", "needed"),
      query("an unknown member", "/can?member=zoe&permission=repository", 404, "unknown_member", "member", "spelling"),
      query("an unknown member's page", "/members/zoe", 404, "unknown_member", "member", "zoe"),
      query("events about an unknown member", "/events?member=zoe", 404, "unknown_member", "member", "zoe"),
      query("an unknown group", "/groups/web/members", 404, "unknown_group", "group", "web"),
      query("an unknown role", "/roles/king", 404, "unknown_role", "role", "king"),
      query("an unknown version", "/events/99", 404, "unknown_event", "version", "the newest is 2"),
      query("a version that is no number", "/events/one", 404, "unknown_event", "version", "the newest is 2"),
      {"an unknown model", "GET", "/v1/models/none", {}, {}, 404, "unknown_model", "model", "GET /v1/models"},
      query("an instant in no calendar", who + "&at=2023-02-29T00:00:00Z", 400, "invalid_field", "at", "no calendar"),
      query("a date for an instant", who + "&at=2024-02-29", 400, "invalid_field", "at", "2024-02-29T10:00:00Z"),
      query("a date for an instant of can", can + "&at=2024-02-29", 400, "invalid_field", "at", "RFC 3339"),
      query("two times", who + "&at=2024-02-29T00:00:00Z&on=2024-02-29&tz=UTC", 400, "invalid_field", "at", "one of"),
      query("a time twice", who + "&at=2024-02-29T00:00:00Z&at=2024-02-29T00:00:00Z", 400, "invalid_field", "at",
            "twice"),
      query("a date without a zone", who + "&on=2024-02-29", 400, "missing_field", "tz", "Europe/Berlin"),
      query("a zone that does not exist", who + "&on=2024-02-29&tz=Europe/Bonn", 400, "invalid_field", "tz",
            "Europe/Berlin"),
      query("a zone that is a path", who + "&on=2024-02-29&tz=../../etc/passwd", 400, "invalid_field", "tz",
            "Europe/Berlin"),
      query("a zone without a date", who + "&tz=UTC", 400, "invalid_field", "tz", "\"on\""),
      query("a date in no calendar", who + "&on=2023-02-29&tz=UTC", 400, "invalid_field", "on", "calendar"),
      query("an instant for a date", who + "&on=2024-02-29T00:00:00Z&tz=UTC", 400, "invalid_field", "on", "a date"),
      query("a day that was skipped", who + "&on=2011-12-30&tz=Pacific/Apia", 400, "invalid_field", "on", "skipped"),
      query("a range without an end", who + "&from=2024-02-29T00:00:00Z", 400, "missing_field", "to", "together"),
      query("a range that ends first", who + "&from=2024-02-29T00:00:00Z&to=2023-02-28T00:00:00Z", 400, "invalid_field",
            "to", "after"),
      query("a date that ends a range", who + "&from=2024-02-29T00:00:00Z&to=2024-03-01", 400, "invalid_field", "to",
            "RFC 3339"),
      query("a date of knowledge", who + "&known_at=2024-02-29", 400, "invalid_field", "known_at", "RFC 3339"),
      query("a flag that is neither", who + "&explain=perhaps", 400, "invalid_field", "explain", "true or false"),
      query("no rows", who + "&limit=0", 400, "invalid_field", "limit", "1 to 1000"),
      query("too many rows", who + "&limit=1001", 400, "invalid_field", "limit", "\"next\""),
      query("a cursor of nowhere", who + "&cursor=1-2-3", 400, "invalid_cursor", "cursor", "start without"),
      query("an unknown status", "/members?status=gone", 400, "invalid_field", "status", "active, disabled"),
      query("an unknown parameter", who + "&permision=x", 400, "unknown_field", "permision", "parameter"),
      query("a parameter where there is none", "?at=2024-02-29T00:00:00Z", 400, "unknown_field", "at", "parameter"),
      query("invalid UTF-8", "/can?member=%ff&permission=repository", 400, "invalid_field", "target", "UTF-8"),
      query("a NUL", "/can?member=a%00b&permission=repository", 400, "invalid_field", "target", "NUL"),
      query("a NUL in the path", "/members/a%00b", 400, "invalid_field", "target", "NUL"),
      query("half an escape", "/members/a%4", 400, "invalid_field", "target", "Percent-encode"),
  });
}

TEST_CASE("a cursor that was changed, is of another question or of another store is refused as such") {
  TwoOrganizations org;
  const std::string list = "/members?limit=1";
  REQUIRE(org.program.post(to_acme, TwoOrganizations::event("zoe")).status == 201);
  const std::string cursor = org.program.get("/v1/orgs/acme" + list).json().at("next").get<std::string>();
  CHECK(org.program.get("/v1/orgs/acme" + list + "&cursor=" + percent(cursor)).status == 200);
  const auto changed_at = [&](std::size_t at) {
    std::string changed = cursor;
    changed[at] = changed[at] == '1' ? '2' : '1';
    return list + "&cursor=" + percent(changed);
  };
  const std::size_t question = cursor.find('.') + 1, pinned = cursor.find('.', question) + 1;
  for (const std::size_t at : {question, pinned, cursor.size() - 1}) {
    org.refuse(query("a changed cursor", changed_at(at), 400, "invalid_cursor", "cursor", "was changed"));
  }
  // A mark of another store that was sealed by nobody here may as well have been changed: both are said.
  for (const char* said : {"another store", "was changed"}) {
    org.refuse(query("a changed mark", changed_at(0), 400, "invalid_cursor", "cursor", said));
  }
  org.refuse(query("another question's", "/members?limit=1&status=active&cursor=" + percent(cursor), 400,
                   "invalid_cursor", "cursor", "another list"));
  TwoOrganizations other;
  REQUIRE(other.program.post(to_acme, TwoOrganizations::event("zoe")).status == 201);
  const std::string others = other.program.get("/v1/orgs/acme" + list).json().at("next").get<std::string>();
  org.refuse(
      query("another store's", list + "&cursor=" + percent(others), 400, "invalid_cursor", "cursor", "another store"));
}
