// How each reviewer of a review worked, and what in that looks like a rubber stamp: sentences with the numbers that an
// auditor asks about. They decide nothing, and follow from the log alone.
//
// One thread, as the source. Complexity: the decisions.
#pragma once

#include "services/reviews/report_source.h"

namespace tenure::services {

// Decisions that came in one request.
struct OneCall {
  std::string id;
  std::uint64_t decisions = 0, keep = 0;
  std::int64_t took_us = 0;  // since what is named here, at which its reviewer can have begun to look
  std::string since;         // "the opening", "stage 2 began", "the decision before"
};

struct Worked {
  SubjectId reviewer;
  std::uint64_t decisions = 0, keep = 0, revoke = 0, change = 0, delegated = 0, in_bulk = 0;
  std::vector<OneCall> calls;         // in order
  std::vector<std::int64_t> seconds;  // of each that came alone, since the one before
};

// By reviewer's subject.
std::vector<Worked> workers_of(ReportSource& source);
reports::Texts signals_of(const Worked& worked);

}  // namespace tenure::services
