// A request that must be refused, asked over HTTP of an organization that must not change by it.
//
// For tests: one thread; the server is the object's own.
#pragma once

#include <string>
#include <vector>

#include "tests/services/running_program.h"

namespace tenure::test {

// One wrong request and what its refusal must say.
struct Wrong {
  std::string what;  // for the report
  std::string method, target, body;
  std::vector<std::string> headers;
  int status;
  std::string code;
  std::string field;  // "" where no one field is at fault
  std::string says;   // a part of the detail: the limit, the way out
};
// Fails the test unless the answer is a problem document that says it.
void check_refusal(const Wrong& wrong, const HttpAnswer& answer);

// The organization "acme" of mode `observe` with an owner, ana, and a member, bob; and "gate" of mode `enforce`, with
// the same owner.
class TwoOrganizations {
 public:
  explicit TwoOrganizations(RunningOptions options = {});

  // `member` is added to an organization by ana; the member's name is the event's id.
  static std::string event(const std::string& member, const std::string& more = {});

  // Everything that the organizations' lists of events show.
  std::string state();
  // Asks, and checks that the answer is the promised no and that nothing came of it.
  HttpAnswer refuse(const Wrong& wrong);
  // Each in turn; then the next good event is the next version: nothing was left behind half.
  void refuse_all(const std::vector<Wrong>& rows);

  RunningProgram program;
};

}  // namespace tenure::test
