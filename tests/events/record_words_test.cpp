// What is said about the record (rules of duties, findings closed) as stored, and as a client may not send it.
#include "events/wire/event_wire.h"
#include "events/wire/record_gist.h"
#include "events/wire/record_wire.h"
#include "tests/catch.h"

namespace {

using namespace tenure;

Record record_of(EventPayload words) {
  Record record;
  record.position = Position(7);
  record.org = OrgId("acme");
  record.version = Version(3);
  record.recorded_at = record.event.occurred_at.emplace(Instant{1'700'000'000'000'000});
  record.recorded_by = {"tok_1", "tenure", Channel::api, {}};
  record.model = ModelId("github");
  record.model_version = "v";
  record.event.actor = {ActorKind::system, {"sync", {}}};
  record.event.data = std::move(words);
  record.verdict = {VerdictResult::allowed, "lifecycle.record_only", {}};
  return record;
}

const wire::PartSource no_parts = [](const Digest&) -> Outcome<std::string> {
  return fail(FailureCode::not_found, "no parts here");
};

event::SodRuleAdded some_rule() {
  return {PermissionId("payments.create"),  LevelId("yes"), "four eyes", "account", SodRuleId("pay"),
          PermissionId("payments.approve"), LevelId("yes")};
}

}  // namespace

TEST_CASE("a rule of duties is stored with its fields in canonical order, and reads as it was written") {
  const auto written = wire::write_record(record_of(some_rule()));
  REQUIRE(written.has_value());
  const std::string stored =
      R"("data":{"first":"payments.create","first_level":"yes","name":"four eyes","resource_kind":"account",)"
      R"("rule":"pay","second":"payments.approve","second_level":"yes"})";
  CHECK(written->bytes.find(stored) != std::string::npos);
  const auto read = wire::read_record(written->bytes, no_parts);
  REQUIRE(read.has_value());
  const auto* rule = std::get_if<event::SodRuleAdded>(&read->event.data);
  REQUIRE(rule);
  CHECK(rule->resource_kind == "account");
  CHECK(wire::write_record(*read)->bytes == written->bytes);
}

TEST_CASE("every word about the record is read from the log as it was written") {
  for (const EventPayload& words :
       {EventPayload(event::SodRuleRemoved{SodRuleId("pay")}), EventPayload(event::FindingClosed{"rule_violation.7"}),
        EventPayload(event::FindingReopened{"rule_violation.7"})}) {
    const auto written = wire::write_record(record_of(words));
    REQUIRE(written.has_value());
    const auto read = wire::read_record(written->bytes, no_parts);
    REQUIRE(read.has_value());
    CHECK(read->event.data.index() == words.index());
    CHECK(wire::write_record(*read)->bytes == written->bytes);
    CHECK(is_about_the_record(words));
  }
  CHECK_FALSE(is_about_the_record(event::MemberAdded{}));
}

TEST_CASE("a stored rule of duties with a field that it does not have, or without one that it needs, is refused") {
  const std::string bytes = wire::write_record(record_of(some_rule()))->bytes;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = bytes;
    text.replace(text.find(from), from.size(), to);
    return wire::read_record(text, no_parts).has_value();
  };
  CHECK(changed("four eyes", "two pairs"));
  CHECK_FALSE(changed(R"("name":)", R"("title":)"));
  CHECK_FALSE(changed(R"("rule":"pay",)", ""));
  CHECK(changed(R"("resource_kind":"account",)", ""));
}

TEST_CASE("the gist of a record is what the whole record says, and it is refused where what it looks at is wrong") {
  Record record = record_of(some_rule());
  record.subjects.emplace_back(SubjectId{}, "sealed");
  record.before.json = R"({"role":"owner"})";
  const std::string bytes = wire::write_record(record)->bytes;
  const auto whole = wire::read_record(bytes, no_parts), gist = wire::read_gist(bytes, no_parts);
  REQUIRE(whole.has_value());
  REQUIRE(gist.has_value());
  CHECK(gist->org == whole->org);
  CHECK(gist->event.actor.kind == whole->event.actor.kind);
  CHECK(gist->event.actor.who.identity == whole->event.actor.who.identity);
  CHECK(gist->verdict.result == whole->verdict.result);
  CHECK(std::get<event::SodRuleAdded>(gist->event.data).name == "four eyes");
  CHECK(gist->before.json == Record().before.json);
  CHECK(gist->subjects.empty());
  CHECK_FALSE(wire::read_gist(bytes.substr(1), no_parts).has_value());
  std::string wrong = bytes;
  wrong.replace(wrong.find("four eyes"), 4, "\\q  ");
  CHECK_FALSE(wire::read_gist(wrong, no_parts).has_value());
  wrong = bytes;
  wrong.replace(wrong.find(R"("allowed")"), 9, R"("perhaps")");
  CHECK_FALSE(wire::read_gist(wrong, no_parts).has_value());
}

TEST_CASE("what a fold asks of a record is what the whole record says, but for what it says of itself") {
  Record record = record_of(some_rule());
  record.subjects.emplace_back(SubjectId{}, "sealed");
  record.before.json = R"({"role":"owner"})";
  record.recorded_by.principal = "t_1";
  record.verdict = {VerdictResult::violation, "rule", "because"};
  record.event.id = EventId("an id");
  record.event.reason = PrivateText{"sealed reason"};
  record.event.approved_by = record.event.actor;
  const std::string bytes = wire::write_record(record)->bytes;
  const auto whole = wire::read_record(bytes, no_parts);
  REQUIRE(whole.has_value());
  Record folded;
  REQUIRE(wire::read_folded(folded, bytes, no_parts).has_value());
  CHECK(folded.before.json == Record().before.json);
  CHECK(folded.recorded_by.principal.empty());
  CHECK(folded.recorded_at == Record().recorded_at);
  CHECK(folded.prev == Record().prev);
  // All else: the two are the same bytes once those four are.
  folded.before = whole->before;
  folded.recorded_by = whole->recorded_by;
  folded.recorded_at = whole->recorded_at;
  folded.prev = whole->prev;
  CHECK(wire::write_record(folded)->bytes == bytes);
  CHECK_FALSE(wire::read_folded(folded, bytes.substr(1), no_parts).has_value());
}

TEST_CASE("a client cannot send what is said about the record as an event") {
  for (const char* type : {"sod_rule.added", "sod_rule.removed", "finding.closed", "finding.reopened"}) {
    INFO(type);
    const auto read =
        wire::read_event(std::string(R"({"type":")") + type + R"(","actor":{"kind":"system","id":"x"},"data":{}})");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == RefusalCode::unknown_type);
    CHECK(read.error().field == "/type");
  }
}
