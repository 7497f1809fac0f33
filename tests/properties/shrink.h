// A history on which Tenure and the naive fold differ, made as short as it goes while they still do: what one reads to
// find out who is right.
//
// Pure but for the Tenures over memory that it makes, some hundreds of them; one thread.
#pragma once

#include <string>

#include "tests/oracle/random_question.h"

namespace tenure::test {

// The difference in the answers to a question, or where `question.kind` is "verdict" in the judgement of the last
// event; empty if there is none. Fails no test.
std::string difference_on(const oracle::RandomHistory& history, const oracle::Question& question);

struct Shrunk {
  oracle::RandomHistory history;
  oracle::Question question;

  // The question and what differs, then an event a line, then the models, which are long.
  std::string text() const;
};
Shrunk shrink(oracle::RandomHistory history, oracle::Question question);

}  // namespace tenure::test
