// A server with an organization "acme" of ann, its owner, and bob, who may also write in one repository, and the
// commands that review it.
//
// Owned by one test, one thread. Whatever is asked for by `run` or `ask` must do well, or the test fails.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace tenure::test {

using nlohmann::json;

void says(const std::string& text, const std::string& part);
std::string whole(const std::string& file);

class Acme {
 public:
  Acme();

  // What the command prints.
  std::string run(const std::vector<std::string>& arguments, const std::string& in = {});
  // The same with --json.
  json ask(std::vector<std::string> arguments, const std::string& in = {});
  // What a command that does not do well says.
  std::string refused(const std::vector<std::string>& arguments, int code = exit_refused, const std::string& in = {});

  // Members beside, named m1, m2, ….
  void grows_by(int members);
  // A definition by which the owners are asked, or bob where they may not be.
  void define(const std::string& id);
  void decide(const std::string& review, const std::string& kind, const std::string& member,
              const std::string& decision, const std::string& reviewer);
  // The one item of a member with a kind.
  json item(const std::string& review, const std::string& kind, const std::string& member);

  std::string in_folder(const std::string& name) const { return serve.folder() + "/" + name; }

  RunningServe serve;
};

}  // namespace tenure::test
