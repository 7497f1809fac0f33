// One event of every type that access reviews have, and a delegation: all fields filled in. Values only.
#pragma once

#include <vector>

#include "events/event.h"

namespace tenure::test::said {

inline constexpr Instant begin{1'700'000'000'000'000};

inline Person person(std::uint8_t number) {
  Person person;
  person.subject.bytes[15] = number;
  return person;
}

inline event::ReviewDefined defined() {
  event::ReviewDefined words;
  words.definition = "quarterly";
  words.document = {R"({"id":"quarterly","stages":[{"fallback":[0,1]}]})"};
  words.people = {person(1), person(2)};
  return words;
}

inline event::ReviewOpened opened() {
  event::ReviewOpened words;
  words.as_of = begin;
  words.definition = "quarterly";
  words.document = defined().document;
  words.due_at = {begin.us + 1'209'600'000'000};
  words.found = Document{"3 1 2"};
  words.items = 3;
  words.items_digest = std::string(64, 'a');
  words.people = {person(1), person(2), person(3)};
  words.pinned = Position(6);
  words.review = "q1";
  words.scheduled_for = begin;
  return words;
}

inline event::ReviewSkipped skipped() {
  event::ReviewSkipped words;
  words.because = "nothing is held that its scope speaks of";
  words.definition = "quarterly";
  words.scheduled_for = begin;
  return words;
}

inline event::ReviewDecided decided() {
  event::ReviewDecided words;
  words.decision = ReviewVerb::change;
  words.item = "i-1";
  words.member = person(4);
  words.review = "q1";
  words.role = RoleId("read");
  words.stage = 1;
  words.state = "state-9";
  return words;
}

inline event::ReviewDecided delegated() {
  event::ReviewDecided words = decided();
  words.decision = ReviewVerb::delegate;
  words.role.reset();
  words.to = person(5);
  words.until = begin;
  return words;
}

inline event::ReviewReassigned reassigned() {
  event::ReviewReassigned words;
  words.from = person(1);
  words.item = "i-1";
  words.review = "q1";
  words.to = person(2);
  return words;
}

inline event::ReviewReminded reminded() {
  event::ReviewReminded words;
  words.open = 2;
  words.review = "q1";
  words.reviewer = person(1);
  words.stage = 2;
  return words;
}

inline event::ReviewEscalated escalated() {
  event::ReviewEscalated words;
  words.open = 2;
  words.review = "q1";
  words.reviewer = person(1);
  words.to = person(2);
  return words;
}

inline event::ReviewStageEnded stage_ended() {
  event::ReviewStageEnded words;
  words.because = "due";
  words.review = "q1";
  words.stage = 1;
  return words;
}

inline event::ReviewClosed closed() {
  event::ReviewClosed words;
  words.because = "decided";
  words.carried = 1;
  words.changed = 2;
  words.ended = 3;
  words.kept = 4;
  words.left_open = 5;
  words.outcome_digest = std::string(64, 'b');
  words.review = "q1";
  words.revoked = 6;
  return words;
}

inline event::ReviewRemediated remediated() {
  event::ReviewRemediated words;
  words.applied = 6;
  words.held_back = 2;
  words.refused = 1;
  words.review = "q1";
  return words;
}

inline event::ReviewCancelled cancelled() {
  event::ReviewCancelled words;
  words.review = "q1";
  return words;
}

inline event::ReviewWithdrawn withdrawn() {
  event::ReviewWithdrawn words;
  words.definition = "quarterly";
  return words;
}

inline event::AccessReported reported() {
  event::AccessReported words;
  words.as_of = begin;
  words.definition = "monthly";
  words.from = {begin.us - 1};
  words.pinned = Position(6);
  words.report = "r-1";
  words.scheduled_for = begin;
  return words;
}

inline std::vector<EventPayload> one_of_each_of_reviews() {
  return {defined(),  withdrawn(), skipped(),     opened(), decided(),    delegated(), reassigned(),
          reminded(), escalated(), stage_ended(), closed(), remediated(), cancelled(), reported()};
}

}  // namespace tenure::test::said
