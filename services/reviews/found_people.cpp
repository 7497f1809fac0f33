#include "services/reviews/found_people.h"

#include <charconv>

namespace tenure::services {

FoundPeople::FoundPeople(const std::string* then) : reads_(then != nullptr), rest_(then ? *then : std::string_view()) {
  found_ = reads_;  // the first run that is read is the other sort
}

bool FoundPeople::next(bool now) {
  if (reads_) return read_next();
  if (now != found_) {
    written_ += std::to_string(run_) + ' ';
    run_ = 0;
    found_ = now;
  }
  ++run_;
  return now;
}

std::string FoundPeople::told() const { return written_ + std::to_string(run_); }

bool FoundPeople::read_next() {
  while (run_ == 0) {
    const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), run_);
    if (read.ec != std::errc()) return false;
    found_ = !found_;
    rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
    if (!rest_.empty()) rest_.remove_prefix(1);
  }
  --run_;
  return found_;
}

}  // namespace tenure::services
