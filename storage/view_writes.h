// Changes of views on their way into a commit, their bytes in one piece of memory: a commit in bulk has hundreds of
// thousands, and an allocation or two for each would cost more than to write it.
//
// Plain values; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenure::storage {

// A change of one view key: a value to put, or nothing to delete.
struct ViewWrite {
  std::string key;
  std::optional<std::string> value;
  bool appends = false;  // the value goes behind what the key has, which may be nothing
};

class ViewWrites {
 public:
  // The same, as it stands here; good until the next change.
  struct Write {
    std::string_view key;
    std::optional<std::string_view> value;
    bool appends = false;
  };
  class Iterator {
   public:
    Iterator(const ViewWrites& writes, std::size_t at) : writes_(&writes), at_(at) {}
    Write operator*() const { return writes_->at(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const ViewWrites* writes_;
    std::size_t at_;
  };

  ViewWrites() = default;
  explicit ViewWrites(const std::vector<ViewWrite>& writes) {
    for (const ViewWrite& write : writes) add(write);
  }

  // Each key is less than 2 GiB, each value less than 4.
  void put(std::string_view key, std::string_view value) {
    places_.push_back(
        {bytes_.size(), static_cast<std::uint32_t>(key.size()), 0, static_cast<std::uint32_t>(value.size())});
    bytes_.append(key).append(value);
  }
  void append(std::string_view key, std::string_view value) {
    put(key, value);
    places_.back().appends = 1;
  }
  void erase(std::string_view key) {
    put(key, {});
    places_.back().value_bytes = erased;
  }
  void add(const Write& write) {
    if (!write.value) return erase(write.key);
    write.appends ? append(write.key, *write.value) : put(write.key, *write.value);
  }
  void add(const ViewWrite& write) { add(Write{write.key, write.value, write.appends}); }
  void reserve(std::size_t writes, std::size_t bytes) {
    places_.reserve(writes);
    bytes_.reserve(bytes);
  }

  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  static constexpr std::uint32_t erased = UINT32_MAX;
  struct Place {
    std::size_t at = 0;  // of the key; the value is behind it
    std::uint32_t key_bytes : 31, appends : 1;
    std::uint32_t value_bytes = 0;
  };

  Write at(std::size_t index) const {
    const Place& place = places_[index];
    const char* key = bytes_.data() + place.at;
    if (place.value_bytes == erased) return {{key, place.key_bytes}, std::nullopt};
    return {{key, place.key_bytes}, std::string_view(key + place.key_bytes, place.value_bytes), place.appends != 0};
  }

  std::string bytes_;
  std::vector<Place> places_;
};

}  // namespace tenure::storage
