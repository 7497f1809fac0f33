#include "events/result.h"

#include <stdexcept>

namespace tenure {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where) {
  throw std::logic_error("value of a refusal asked at " + where.to_string() + ": " + refusal.because);
}
void throw_exception_from_error(const Failure& failure, const boost::source_location& where) {
  throw std::logic_error("value of a failure asked at " + where.to_string() + ": " + failure.because);
}

}  // namespace tenure
