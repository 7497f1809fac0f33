#include "services/append_queue.h"

#include <future>
#include <utility>

#include "services/http/response.h"

namespace tenure::services {

namespace {

struct AppendJob : storage::Job {
  AppendRequest request;
  AppendQueue::Done done;
};

}  // namespace

// Whom to answer about a batch, and what once it is durable.
struct AppendQueue::Answers {
  std::vector<Done> done;
  std::vector<AppendResult> results;

  void give() {
    const http::Bunch together;
    for (std::size_t i = 0; i < done.size(); ++i) done[i](std::move(results[i]));
  }
  void give(const Failure& failure) {
    const http::Bunch together;
    for (const Done& each : done) each(failure);
  }
};

AppendQueue::AppendQueue(Recorder& recorder, storage::Store& store, std::size_t events_a_commit)
    : recorder_(recorder), store_(store), events_a_commit_(events_a_commit), commit_(store), queue_([this](auto& jobs) {
        run(jobs);
      }) {}

AppendQueue::~AppendQueue() { stop(); }

void AppendQueue::submit(AppendRequest request, Done done) {
  auto job = std::make_unique<AppendJob>();
  job->request = std::move(request);
  job->done = std::move(done);
  std::unique_ptr<storage::Job> owned = std::move(job);
  if (queue_.submit(owned)) return;
  static_cast<AppendJob&>(*owned).done(
      fail(FailureCode::closed, "too many appends wait, or the server is stopping; try again shortly."));
}

AppendResult AppendQueue::submit_and_wait(AppendRequest request) {
  std::promise<AppendResult> answer;
  submit(std::move(request), [&](AppendResult result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

void AppendQueue::stop() {
  queue_.stop();
  commit_.stop();
}

void AppendQueue::run(std::vector<std::unique_ptr<storage::Job>>& jobs) {
  std::size_t next = 0;
  while (next < jobs.size()) {
    const std::size_t begin = next;
    std::vector<AppendRequest> requests;
    auto answers = std::make_shared<Answers>();
    for (std::size_t events = 0; next < jobs.size() && (next == begin || events < events_a_commit_); ++next) {
      auto& job = static_cast<AppendJob&>(*jobs[next]);
      events += job.request.events.size();
      requests.push_back(std::move(job.request));
      answers->done.push_back(std::move(job.done));
    }
    record(std::move(requests), std::move(answers), next == jobs.size());
  }
}

// What is under way has come to its end; the recorder knows how.
Outcome<void> AppendQueue::end_commit() {
  if (!commit_.begun()) return {};
  auto done = commit_.end();
  if (done) recorder_.committed();
  return done;
}

void AppendQueue::record(std::vector<AppendRequest> requests, std::shared_ptr<Answers> answers, bool last) {
  const auto failed = [&](const Failure& failure) {
    recorder_.forget();
    answers->give(failure);
  };
  if (commit_.begun() && commit_.over()) {
    if (!end_commit()) recorder_.forget();  // its own requests have been told
  }
  auto results = recorder_.decide(std::move(requests));
  // What was decided stands on what is under way.
  if (const auto done = end_commit(); !done) return failed(done.error());
  if (!results) return failed(results.error());
  answers->results = std::move(*results);
  auto commit = recorder_.take();
  if (commit.empty()) return answers->give();
  const bool in_turn = !last || queue_.waiting();
  if (in_turn) {
    return commit_.begin(std::move(commit), [answers = std::move(answers)](const Outcome<void>& done) {
      done ? answers->give() : answers->give(done.error());
    });
  }
  const auto done = store_.commit(std::move(commit));
  if (!done) return failed(done.error());
  recorder_.committed();
  answers->give();
}

}  // namespace tenure::services
