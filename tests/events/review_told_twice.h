// What is said of a review as the naive review has it and as Tenure's events have it. Pure; an event that no clock asks
// for fails the test.
#pragma once

#include <string>

#include "events/review/campaign.h"
#include "tests/catch.h"
#include "tests/oracle/naive_review.h"

namespace tenure::test {

using oracle::ReviewWord;

constexpr std::int64_t hour = 3'600'000'000;
constexpr int nobody = -1;

inline SubjectId subject(int person) {
  SubjectId subject;
  if (person != nobody) subject.bytes[15] = static_cast<std::uint8_t>(person + 1);
  return subject;
}
inline int number_of(const SubjectId& subject) { return static_cast<int>(subject.bytes[15]) - 1; }
inline Person as_person(int person) { return {{}, subject(person)}; }

inline std::string text_of(const ReviewWord& word) {
  std::string text = word.kind + " " + word.verb + " item " + std::to_string(word.item) + " by " +
                     std::to_string(word.person) + " to " + std::to_string(word.to) + " stage " +
                     std::to_string(word.stage) + " state " + word.state + " role " + word.role + " " + word.because +
                     " at " + std::to_string(word.at / hour) + " h";
  if (word.until) text += " until " + std::to_string(*word.until / hour) + " h";
  return text;
}

inline EventPayload payload_of(const ReviewWord& word) {
  const auto stage = static_cast<std::uint64_t>(word.stage);
  if (word.kind == "decided") {
    event::ReviewDecided decided;
    decided.decision = *review_verb_from(word.verb);
    decided.item = "i" + std::to_string(word.item);
    decided.stage = stage;
    decided.state = word.state;
    if (!word.role.empty()) decided.role = RoleId(word.role);
    if (word.to != nobody) decided.to = as_person(word.to);
    if (word.until) decided.until = Instant{*word.until};
    return decided;
  }
  if (word.kind == "reassigned") {
    event::ReviewReassigned reassigned;
    if (word.person != nobody) reassigned.from = as_person(word.person);
    if (word.item != nobody) reassigned.item = "i" + std::to_string(word.item);
    reassigned.to = as_person(word.to);
    return reassigned;
  }
  if (word.kind == "reminded") {
    event::ReviewReminded reminded;
    reminded.reviewer = as_person(word.person);
    reminded.stage = stage;
    return reminded;
  }
  if (word.kind == "escalated") {
    event::ReviewEscalated escalated;
    escalated.reviewer = as_person(word.person);
    escalated.to = as_person(word.to);
    escalated.stage = stage;
    return escalated;
  }
  if (word.kind == "stage_ended") {
    event::ReviewStageEnded ended;
    ended.because = word.because;
    ended.stage = stage;
    return ended;
  }
  if (word.kind == "closed") {
    event::ReviewClosed closed;
    closed.because = word.because;
    return closed;
  }
  return event::ReviewCancelled{};
}

inline ReviewWord word_of(const EventPayload& payload) {
  ReviewWord word;
  if (const auto* reminded = std::get_if<event::ReviewReminded>(&payload)) {
    word.kind = "reminded";
    word.person = number_of(reminded->reviewer.subject);
    word.stage = static_cast<std::int64_t>(reminded->stage);
    word.open = static_cast<std::int64_t>(reminded->open);
  } else if (const auto* escalated = std::get_if<event::ReviewEscalated>(&payload)) {
    word.kind = "escalated";
    word.person = number_of(escalated->reviewer.subject);
    word.to = number_of(escalated->to.subject);
    word.stage = static_cast<std::int64_t>(escalated->stage);
    word.open = static_cast<std::int64_t>(escalated->open);
  } else if (const auto* ended = std::get_if<event::ReviewStageEnded>(&payload)) {
    word.kind = "stage_ended";
    word.stage = static_cast<std::int64_t>(ended->stage);
    word.because = ended->because;
  } else if (const auto* closed = std::get_if<event::ReviewClosed>(&payload)) {
    word.kind = "closed";
    word.because = closed->because;
  } else {
    FAIL("the clock asks for " << type_name(payload));
  }
  return word;
}

inline std::string code_name(RefusalCode code) {
  switch (code) {
    case RefusalCode::review_ended:
      return "review_ended";
    case RefusalCode::stale_state:
      return "stale_state";
    case RefusalCode::forbidden:
      return "forbidden";
    case RefusalCode::missing_field:
      return "missing_field";
    case RefusalCode::invalid_field:
      return "invalid_field";
    default:
      return "another";
  }
}

}  // namespace tenure::test
