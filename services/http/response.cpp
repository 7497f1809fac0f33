#include "services/http/response.h"

#include <cassert>

#include "services/http/problem.h"

namespace tenure::http {

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    Reply old(std::move(*this));  // answers 500 if it was never called
    target_ = std::move(other.target_);
    serial_ = other.serial_;
    slot_ = other.slot_;
  }
  return *this;
}

Reply::~Reply() {
  if (target_) (*this)(internal_problem());
}

void Reply::operator()(Response response) {
  assert(target_ && "a reply is called once");
  const std::shared_ptr<ReplyTarget> target = std::move(target_);
  target->deliver(slot_, serial_, std::move(response));
}

}  // namespace tenure::http
