// Of whom there were findings when a review was opened whose scope names some, as review.opened keeps it: nothing that
// searches for findings otherwise, as a later version may, changes what such a review is about.
//
// Numbers with spaces between: of everybody who holds something and whom the scope's `members` take in, in the order of
// the items, of so many there was none, then of so many there was, then of so many none again, and so on to the last
// one. Only the first number may be 0. So nobody is named, and each change from one sort to the other takes some bytes:
// 100,000 people take 200 KB at most, mostly far less.
//
// One thread. A text that nobody wrote, or that ends too early, says of whoever is left that there was none: what comes
// of that has another digest than the review's items.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tenure::services {

class FoundPeople {
 public:
  // `then` is read; null: it is written.
  explicit FoundPeople(const std::string* then);

  // Whether there was a finding of the next one: what is read, or else `now`, which is noted.
  bool next(bool now);
  // What was noted.
  std::string told() const;

 private:
  bool read_next();
  bool reads_ = false;
  std::string_view rest_;  // to be read
  std::string written_;    // whole runs
  std::size_t run_ = 0;    // of the run: how many are left to read, or were noted
  bool found_ = false;     // and of what sort it is
};

}  // namespace tenure::services
