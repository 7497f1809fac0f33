#include "services/feed/line_writer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace tenure::services {

namespace {

constexpr std::chrono::seconds last_words{1};

}  // namespace

struct LineWriter::Inside {
  std::mutex guard;
  std::condition_variable changed;
  std::deque<std::string> lines;
  std::size_t left_out = 0;
  bool stopping = false, over = false;

  void write() {
    std::unique_lock lock(guard);
    while (true) {
      changed.wait(lock, [this] { return stopping || !lines.empty(); });
      if (lines.empty()) break;
      const std::string line = std::move(lines.front());
      lines.pop_front();
      const std::size_t missing = std::exchange(left_out, 0);
      lock.unlock();
      spdlog::info("{}", line);
      if (missing > 0) spdlog::warn("{} lines were left out, because the log was not taken", missing);
      lock.lock();
    }
    over = true;
    changed.notify_all();
  }
};

LineWriter::LineWriter() : inside_(std::make_shared<Inside>()) {
  std::thread([inside = inside_] { inside->write(); }).detach();
}

LineWriter::~LineWriter() {
  std::unique_lock lock(inside_->guard);
  inside_->stopping = true;
  inside_->changed.notify_all();
  inside_->changed.wait_for(lock, last_words, [this] { return inside_->over; });
}

void LineWriter::say(std::string line) {
  // Names are chosen by strangers: none may begin a line of its own or move a cursor.
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  {
    const std::lock_guard lock(inside_->guard);
    if (inside_->lines.size() >= lines_max) {
      ++inside_->left_out;
      return;
    }
    inside_->lines.push_back(std::move(line));
  }
  inside_->changed.notify_one();
}

}  // namespace tenure::services
