// How many uploads there may be at once, and how many of one sender. Internal to services/http/. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace tenure::http {

class UploadPlaces {
 public:
  UploadPlaces(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  // From when an upload is begun to when nothing is left of it.
  class Place {
   public:
    Place(UploadPlaces& places, const void* whose) : places_(places), whose_(whose) {}
    ~Place() { places_.give_back(whose_); }
    Place(const Place&) = delete;

   private:
    UploadPlaces& places_;
    const void* whose_;
  };

  // Null where all are taken, or all that one sender may have; `whose` names the sender, null for all that have no
  // name.
  std::unique_ptr<Place> take(const void* whose) {
    const std::lock_guard lock(guard_);
    std::size_t& own = by_sender_[whose];
    if (taken_ >= most_ || own >= most_of_one_) {
      if (own == 0) by_sender_.erase(whose);
      return nullptr;
    }
    ++own;
    ++taken_;
    return std::make_unique<Place>(*this, whose);
  }

 private:
  void give_back(const void* whose) {
    const std::lock_guard lock(guard_);
    --taken_;
    if (--by_sender_[whose] == 0) by_sender_.erase(whose);
  }

  const std::size_t most_, most_of_one_;
  std::mutex guard_;
  std::size_t taken_ = 0;
  std::unordered_map<const void*, std::size_t> by_sender_;
};

}  // namespace tenure::http
