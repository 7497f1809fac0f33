// The review clock: opens what a schedule asks for, reminds, escalates, ends stages and closes, each by an event, and
// records what closed reviews came to where a stop of the server cut that off.
//
// One thread of its own, which looks every so often and whenever something of an organization's reviews was recorded.
// What was missed while the server was down happens once, at its start. A pass over an organization is idempotent: what
// it does is found in the log by the next one.
//
// `look` from any thread; `pass` is for the clock's own thread and for tests that run without it. What goes wrong is
// logged and tried again at the next pass.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "services/reviews/recurrence.h"
#include "services/reviews/reviewing.h"

namespace tenure::services {

class ReviewClock {
 public:
  static constexpr std::chrono::seconds looks_every{10};

  ReviewClock(Parts& parts, Reviews& reviews, Reviewing& reviewing)
      : parts_(parts), reviews_(reviews), reviewing_(reviewing) {}
  ~ReviewClock() { stop(); }

  void start();
  void stop();
  // Something of the organization's reviews was recorded.
  void look(const std::string& org);
  // All that is due by now in one organization. Answers whether it has to be looked at again later.
  Outcome<bool> pass(const std::string& org);

 private:
  void run();
  Outcome<std::set<std::string>> organizations();
  std::optional<Instant> last_due(const KeptDefinition& kept, Instant until);
  bool runs_after(const KeptDefinition& kept, Instant now);
  Outcome<std::optional<Instant>> due_before(const OpenOrg& org, const KeptDefinition& kept);
  Outcome<bool> run_schedules(const OpenOrg& org);
  Outcome<void> run_one(const OpenOrg& org, const KeptDefinition& kept, Instant due);
  const Recurrence* recurrence_of(const KeptDefinition& kept);

  Parts& parts_;
  Reviews& reviews_;
  Reviewing& reviewing_;
  std::mutex guard_;
  std::condition_variable woken_;
  std::set<std::string> watched_;  // organizations with something under way or planned
  std::set<std::string> told_;     // to be looked at now
  bool stopping_ = false;
  std::thread thread_;
  std::map<std::uint64_t, std::optional<Recurrence>> recurrences_;  // by the position of the definition
  std::map<std::uint64_t, std::optional<Instant>> replaced_;        // what was due before it, by the same
};

}  // namespace tenure::services
