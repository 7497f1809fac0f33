// A file without a name, written once and read back: what a writer gives is kept there until somebody takes it, so that
// a report that cannot be made is a clear no and not a broken download. It goes when its owner goes, also with the
// program.
//
// Owned by one; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure::reports {

class Spool {
 public:
  // In `folder`, which must exist. FailureCode::io with the folder's name where there can be none.
  static Outcome<Spool> open(const std::filesystem::path& folder);

  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&& other) noexcept;
  ~Spool();

  // Adds to the end; disk_full or io.
  Outcome<void> write(std::string_view bytes);
  std::uint64_t size() const;

  // What opens the same file for a library that wants a name; good while this object is.
  std::string path() const;

  // Appends the next bytes, from the first on, some 64 KiB; false when there are no more.
  Outcome<bool> read(std::string& chunk);

 private:
  explicit Spool(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
  std::uint64_t read_ = 0;
};

}  // namespace tenure::reports
