#include "services/append_queue.h"

#include <future>

namespace tenure::services {

namespace {

struct AppendJob : storage::Job {
  AppendRequest request;
  AppendQueue::Done done;
};

// Events of one commit: larger batches are cut here, so that a write buffer holds them.
constexpr std::size_t events_a_commit_max = 20'000;

}  // namespace

AppendQueue::AppendQueue(Recorder& recorder)
    : recorder_(recorder), commits_([this](std::vector<std::unique_ptr<storage::Job>>& jobs) { run(jobs); }) {}

void AppendQueue::submit(AppendRequest request, Done done) {
  auto job = std::make_unique<AppendJob>();
  job->request = std::move(request);
  job->done = std::move(done);
  std::unique_ptr<storage::Job> owned = std::move(job);
  if (commits_.submit(owned)) return;
  static_cast<AppendJob&>(*owned).done(
      fail(FailureCode::closed, "too many appends wait, or the server is stopping; try again shortly."));
}

AppendResult AppendQueue::submit_and_wait(AppendRequest request) {
  std::promise<AppendResult> answer;
  submit(std::move(request), [&](AppendResult result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

void AppendQueue::stop() { commits_.stop(); }

void AppendQueue::run(std::vector<std::unique_ptr<storage::Job>>& jobs) {
  std::size_t next = 0;
  while (next < jobs.size()) {
    const std::size_t begin = next;
    std::vector<AppendRequest> requests;
    for (std::size_t events = 0; next < jobs.size() && (next == begin || events < events_a_commit_max); ++next) {
      auto& job = static_cast<AppendJob&>(*jobs[next]);
      events += job.request.events.size();
      requests.push_back(std::move(job.request));
    }
    auto results = recorder_.record(std::move(requests));
    for (std::size_t i = 0; i < results.size(); ++i) {
      static_cast<AppendJob&>(*jobs[begin + i]).done(std::move(results[i]));
    }
  }
}

}  // namespace tenure::services
