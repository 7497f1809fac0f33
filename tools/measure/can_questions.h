// Questions of the form "can this member do that to this repository, at this past instant", with the answers that the
// log itself gives.
//
// A plain value, made once; reading it is for any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/github_log.h"
#include "tools/measure/servers.h"

namespace tenure::bench {

class CanQuestions {
 public:
  // Replays `log`, which must be at its beginning, and asks at random instants of it.
  CanQuestions(const TenureServer& server, const std::string& org, GithubLog log, std::size_t count,
               std::uint64_t seed);

  std::size_t size() const { return questions_.size(); }
  std::string_view request(std::size_t number) const { return questions_[number].request; }
  // Throws std::runtime_error when that is not the answer.
  void check(std::size_t number, std::string_view body) const;
  // How many of them are answered yes.
  std::size_t allowed() const;

 private:
  struct Question {
    std::string request;
    std::string answer;  // how the body begins
  };
  std::vector<Question> questions_;
};

// "2019-03-01T12:00:00.123Z"
std::string instant_text(std::int64_t ms);

}  // namespace tenure::bench
