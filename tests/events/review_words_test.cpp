// The access reviews' own events as stored: each written and read, whom they name, and that no client sends one.
#include "tests/events/review_words.h"

#include <set>

#include "events/people.h"
#include "events/wire/event_wire.h"
#include "events/wire/record_wire.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::test::said;

Record record_of(EventPayload words) {
  Record record;
  record.position = Position(7);
  record.org = OrgId("acme");
  record.version = Version(3);
  record.recorded_at = record.event.occurred_at.emplace(begin);
  record.recorded_by = {"tok_1", "tenure", Channel::api, {}};
  record.model = ModelId("github");
  record.model_version = "v";
  record.event.actor = {ActorKind::system, {"review:q1", {}}};
  record.event.data = std::move(words);
  record.verdict = {VerdictResult::allowed, "lifecycle.record_only", {}};
  return record;
}

const wire::PartSource no_parts = [](const Digest&) -> Outcome<std::string> {
  return fail(FailureCode::not_found, "no parts here");
};

std::string stored(const EventPayload& words) {
  const auto written = wire::write_record(record_of(words));
  REQUIRE(written.has_value());
  CHECK(written->parts.empty());
  return written->bytes;
}

// What remains readable of a record in which a text is replaced.
bool reads_with(const EventPayload& words, const std::string& from, const std::string& to) {
  std::string text = stored(words);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return wire::read_record(text, no_parts).has_value();
}

std::set<int> people_of(EventPayload words) {
  Event event;
  event.data = std::move(words);
  std::set<int> numbers;
  each_person_in_data(event, [&](const Person& who) { numbers.insert(who.subject.bytes[15]); });
  return numbers;
}

}  // namespace

TEST_CASE("every event of reviews is read from the log as it was written") {
  std::set<std::string_view> types;
  for (const EventPayload& words : one_of_each_of_reviews()) {
    INFO(type_name(words));
    types.insert(type_name(words));
    const std::string bytes = stored(words);
    const auto read = wire::read_record(bytes, no_parts);
    REQUIRE(read.has_value());
    CHECK(read->event.data.index() == words.index());
    CHECK(wire::write_record(*read)->bytes == bytes);
    CHECK(is_about_reviews(type_name(words)));
    CHECK(is_about_the_record(words));
  }
  std::size_t known = 0;
  for (const char* type : {"review.defined", "review.withdrawn", "review.skipped", "review.opened", "review.decided",
                           "review.reassigned", "review.reminded", "review.escalated", "review.stage_ended",
                           "review.closed", "review.remediated", "review.cancelled", "review.access_reported"}) {
    known += types.contains(type) ? 1 : 0;
  }
  CHECK(known == 13);
  CHECK(types.size() == 13);
  CHECK_FALSE(is_about_reviews("member.added"));
}

TEST_CASE("a decision is stored with its fields in canonical order, and without those that it does not have") {
  const std::string change =
      R"("data":{"decision":"change","item":"i-1","member":"s_00000000000000000000000000000004","review":"q1",)"
      R"("role":"read","stage":1,"state":"state-9"})";
  CHECK(stored(decided()).find(change) != std::string::npos);
  const std::string delegate = R"("review":"q1","stage":1,"state":"state-9","to":"s_00000000000000000000000000000005",)"
                               R"("until":"2023-11-14T22:13:20Z"})";
  CHECK(stored(delegated()).find(delegate) != std::string::npos);
}

TEST_CASE("everybody whom an event of reviews names is a subject in the log, each once in its list") {
  CHECK(people_of(defined()) == std::set<int>{1, 2});
  CHECK(people_of(opened()) == std::set<int>{1, 2, 3});
  CHECK(people_of(decided()) == std::set<int>{4});
  CHECK(people_of(delegated()) == std::set<int>{4, 5});
  CHECK(people_of(reassigned()) == std::set<int>{1, 2});
  CHECK(people_of(reminded()) == std::set<int>{1});
  CHECK(people_of(escalated()) == std::set<int>{1, 2});
  CHECK(people_of(closed()).empty());
  Event named;
  named.data = opened();
  each_person_in_data(named, [](Person& who) { who.identity = "ana@acme.test"; });
  CHECK(stored(named.data) == stored(opened()));
  CHECK(stored(opened()).find(R"("people":["s_00000000000000000000000000000001",)") != std::string::npos);
}

TEST_CASE("of whom there were findings stands in the record, or beside it where it is long, or nowhere") {
  auto words = opened();
  CHECK(stored(words).find(R"("found":"3 1 2","items":3)") != std::string::npos);
  words.found->text = std::string(200'000, '1');
  const auto written = wire::write_record(record_of(words));
  REQUIRE(written.has_value());
  REQUIRE(written->parts.size() == 1);
  const wire::PartSource parts = [&](const Digest& hash) -> Outcome<std::string> {
    if (hash != written->parts.front().hash) return fail(FailureCode::not_found, "another part");
    return written->parts.front().bytes;
  };
  const auto read = wire::read_record(written->bytes, parts);
  REQUIRE(read.has_value());
  CHECK(std::get<event::ReviewOpened>(read->event.data).found->text == words.found->text);
  words.found.reset();
  CHECK(stored(words).find("found") == std::string::npos);
  CHECK_FALSE(std::get<event::ReviewOpened>(wire::read_record(stored(words), no_parts)->event.data).found);
}

TEST_CASE("a list of people keeps its order, since documents count on it") {
  auto words = opened();
  words.people = {person(9), person(1), person(5)};
  const auto read = wire::read_record(stored(words), no_parts);
  REQUIRE(read.has_value());
  const auto& people = std::get<event::ReviewOpened>(read->event.data).people;
  REQUIRE(people.size() == 3);
  CHECK(people[0].subject == person(9).subject);
  CHECK(people[2].subject == person(5).subject);
}

TEST_CASE("a stored event of reviews with a word, a number or a field that it cannot have is refused") {
  CHECK(reads_with(decided(), R"("decision":"change")", R"("decision":"keep")"));
  CHECK_FALSE(reads_with(decided(), R"("decision":"change")", R"("decision":"approve")"));
  CHECK_FALSE(reads_with(decided(), R"("decision":"change")", R"("decision":2)"));
  CHECK_FALSE(reads_with(decided(), R"("decision":"change",)", ""));
  CHECK_FALSE(reads_with(decided(), R"("stage":1)", R"("stage":-1)"));
  CHECK_FALSE(reads_with(decided(), R"("stage":1)", R"("stage":"1")"));
  CHECK_FALSE(reads_with(decided(), R"("state":"state-9")", R"("state":"state-9","note":"x")"));
  CHECK_FALSE(reads_with(opened(), R"("s_00000000000000000000000000000002")", R"("ana@acme.test")"));
  CHECK(reads_with(opened(), R"("definition":"quarterly",)", ""));
  CHECK_FALSE(reads_with(opened(), R"("items":3)", R"("items":2.5)"));
  CHECK_FALSE(reads_with(closed(), R"("revoked":6)", R"("removed":6)"));
  CHECK(reads_with(reassigned(), R"("from":"s_00000000000000000000000000000001",)", ""));
  CHECK_FALSE(reads_with(reassigned(), R"("review":"q1",)", ""));
}

TEST_CASE("a client cannot send an event of reviews") {
  for (const EventPayload& words : one_of_each_of_reviews()) {
    const std::string type(type_name(words));
    INFO(type);
    CHECK_FALSE(sent_by_clients(type));
    const auto read = wire::read_event(R"({"type":")" + type + R"(","actor":{"kind":"system","id":"x"},"data":{}})");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == RefusalCode::unknown_type);
    CHECK(read.error().field == "/type");
  }
}
