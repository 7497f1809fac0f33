#include "services/append_queue.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "services/http/response.h"

namespace tenure::services {

namespace {

// Decided before it is looked whether the commit under way is over: the disk waits for no more than these.
constexpr std::size_t requests_at_once = 12;

struct AppendJob : storage::Job {
  AppendRequest request;
  AppendQueue::Done done;
  std::vector<storage::ViewWrite> rows;  // instead of a request, if there are any
};

Failure queue_full() {
  return fail(FailureCode::closed, "too many appends wait, or the server is stopping; try again shortly.");
}

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

AppendQueue::AppendQueue(Recorder& recorder, storage::Store& store, Instant newest, std::size_t events_a_commit)
    : recorder_(recorder),
      store_(store),
      events_a_commit_(events_a_commit),
      newest_us_(newest.us),
      commit_(store),
      queue_([this](auto& jobs) { run(jobs); }) {}

AppendQueue::~AppendQueue() { stop(); }

void AppendQueue::submit(AppendRequest request, Done done) {
  auto job = std::make_unique<AppendJob>();
  job->request = std::move(request);
  job->done = std::move(done);
  std::unique_ptr<storage::Job> owned = std::move(job);
  if (queue_.submit(owned)) return;
  static_cast<AppendJob&>(*owned).done(queue_full());
}

void AppendQueue::submit_rows(std::vector<storage::ViewWrite> rows, RowsDone done) {
  auto job = std::make_unique<AppendJob>();
  job->rows = std::move(rows);
  job->done = [done = std::move(done)](const AppendResult& result) {
    const auto* failure = std::get_if<Failure>(&result);
    done(failure ? Outcome<void>(*failure) : Outcome<void>());
  };
  std::unique_ptr<storage::Job> owned = std::move(job);
  if (!queue_.submit(owned)) static_cast<AppendJob&>(*owned).done(queue_full());
}

AppendResult AppendQueue::submit_and_wait(AppendRequest request) {
  std::promise<AppendResult> answer;
  submit(std::move(request), [&](AppendResult result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

void AppendQueue::stop() {
  queue_.stop();
  // The writer is gone; what it left is finished here.
  while (decided_ || commit_.begun()) commit_decided(true);
  commit_.stop();
}

void AppendQueue::run(std::vector<std::unique_ptr<storage::Job>>& jobs) {
  // First what has come to its end: nothing more is decided on top of what failed.
  if (commit_.begun() && commit_.over()) commit_decided(false);
  std::size_t next = 0;
  do {
    std::vector<AppendRequest> requests;
    std::vector<Done> done;
    const auto more = [&] {
      if (next == jobs.size() || requests.size() == requests_at_once) return false;
      return requests.empty() || events_decided_ < events_a_commit_;
    };
    for (; more(); ++next) {
      auto& job = static_cast<AppendJob&>(*jobs[next]);
      if (!job.rows.empty()) {
        take_rows(job.rows, std::move(job.done));
        continue;
      }
      events_decided_ += job.request.events.size();
      requests.push_back(std::move(job.request));
      done.push_back(std::move(job.done));
    }
    if (!requests.empty()) decide(std::move(requests), std::move(done));
    commit_decided(events_decided_ >= events_a_commit_);
  } while (next < jobs.size());
}

void AppendQueue::take_rows(std::vector<storage::ViewWrite>& rows, Done done) {
  if (!decided_) decided_ = std::make_shared<Answers>();
  std::move(rows.begin(), rows.end(), std::back_inserter(rows_));
  decided_->done.push_back(std::move(done));
  decided_->results.emplace_back(AppendAnswer{});
}

void AppendQueue::tell(bool done, std::size_t records, Instant newest) {
  if (done && records == 0) return told_ ? told_() : void();
  // Two commits may be told on two threads, and the later one first.
  std::int64_t known = newest_us_.load(std::memory_order_relaxed);
  while (known < newest.us && !newest_us_.compare_exchange_weak(known, newest.us, std::memory_order_release)) {
  }
  if (told_) told_();
}

void AppendQueue::decide(std::vector<AppendRequest> requests, std::vector<Done> done) {
  if (!decided_) decided_ = std::make_shared<Answers>();
  std::move(done.begin(), done.end(), std::back_inserter(decided_->done));
  auto results = recorder_.decide(std::move(requests));
  if (results) {
    std::move(results->begin(), results->end(), std::back_inserter(decided_->results));
    return;
  }
  (void)end_commit();  // its own requests are told by the commit
  give_up(results.error());
}

// What was decided goes to the store, unless the one before is still on its way: then it takes in what comes meanwhile.
void AppendQueue::commit_decided(bool full) {
  if (commit_.begun()) {
    if (!full && !commit_.over()) return;
    if (const auto done = end_commit(); !done) return give_up(done.error());
  }
  if (!decided_) return;
  const Instant newest = recorder_.newest();
  auto commit = recorder_.take();
  const auto answers = std::exchange(decided_, nullptr);
  events_decided_ = 0;
  for (const storage::ViewWrite& row : rows_) commit.views.add(row);
  rows_.clear();
  if (commit.empty()) return answers->give();
  const std::size_t records = commit.records.size();
  const bool alone = answers->done.size() == 1 && !full && !queue_.waiting();
  if (!alone) {
    return commit_.begin(std::move(commit), [this, answers, records, newest](const Outcome<void>& done) {
      queue_.poke();
      tell(done.has_value(), records, newest);
      done ? answers->give() : answers->give(done.error());
    });
  }
  const auto done = store_.commit(std::move(commit));
  if (done) recorder_.committed();
  tell(done.has_value(), records, newest);
  if (done) {
    answers->give();
  } else {
    recorder_.forget();
    answers->give(done.error());
  }
}

// What is under way has come to its end, and the recorder knows how.
Outcome<void> AppendQueue::end_commit() {
  if (!commit_.begun()) return {};
  auto done = commit_.end();
  if (done) recorder_.committed();
  return done;
}

// What was decided on top of what failed falls with it.
void AppendQueue::give_up(const Failure& because) {
  recorder_.forget();
  events_decided_ = 0;
  rows_.clear();
  if (const auto answers = std::exchange(decided_, nullptr)) answers->give(because);
}

}  // namespace tenure::services
