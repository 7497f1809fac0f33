#include "tools/measure/can_questions.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

namespace tenure::bench {

std::string instant_text(std::int64_t ms) {
  const std::chrono::sys_time<std::chrono::seconds> second{std::chrono::seconds(ms / 1'000)};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", second, ms % 1'000);
}

CanQuestions::CanQuestions(const TenureServer& server, const std::string& org, GithubLog log, std::size_t count,
                           std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto span = static_cast<std::uint64_t>(log.last_ms() - log.first_ms());
  std::vector<std::int64_t> instants(count);
  for (std::int64_t& at : instants) at = log.first_ms() + static_cast<std::int64_t>(random() % span);
  std::sort(instants.begin(), instants.end());

  std::string skipped, next;
  GithubLog ahead = log;  // one line further: what it says is not so before its time comes
  bool more = ahead.next(next);
  for (const std::int64_t at : instants) {
    for (; more && ahead.at_ms() <= at; more = ahead.next(next)) {
      skipped.clear();
      next.clear();
      log.next(skipped);
    }
    if (log.people() == 0) continue;  // a question about someone whom nobody knows is refused
    const std::size_t person = random() % log.people();
    const std::size_t repository =
        random() % 2 == 0 ? log.likely_repository(person, random) : random() % log.repositories();
    const unsigned asked = 1 + static_cast<unsigned>(random() % 5), level = log.level(person, repository);
    questions_.push_back(
        {server.get_request(fmt::format(
             "/v1/orgs/{}/can?member={}&permission=repository&level={}&resource=repo:{}&at={}", org,
             GithubLog::login(person), GithubLog::level_name(asked), log.repository(repository), instant_text(at))),
         fmt::format(R"({{"allowed":{},"level":"{}")", level >= asked, GithubLog::level_name(level))});
  }
  std::shuffle(questions_.begin(), questions_.end(), random);
}

void CanQuestions::check(std::size_t number, std::string_view body) const {
  const Question& question = questions_[number];
  if (body.starts_with(question.answer)) return;
  throw std::runtime_error("can: " + question.request.substr(0, question.request.find('\r')) + " must be " +
                           question.answer + ", not " + std::string(body.substr(0, 300)));
}

std::size_t CanQuestions::allowed() const {
  return static_cast<std::size_t>(std::count_if(questions_.begin(), questions_.end(), [](const Question& question) {
    return question.answer.starts_with(R"({"allowed":true)");
  }));
}

}  // namespace tenure::bench
