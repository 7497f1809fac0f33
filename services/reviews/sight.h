// One organization seen at an instant, as known at a position: what reviews are worked out from.
//
// Made for one piece of work, by one thread; the OpenOrg outlives it. Failures: the store's.
#pragma once

#include <memory>

#include "projections/review/holds.h"
#include "services/api/parts.h"

namespace tenure::services {

class Sight {
 public:
  // A Failure: it cannot be read, or has no access model.
  static Outcome<std::unique_ptr<Sight>> at(Parts& parts, const OpenOrg& org, Instant at, Position known);

  projections::Access& access() { return access_; }
  projections::Facts& facts() { return access_.facts(); }
  projections::Holds& holds() { return holds_; }
  bool enforces();  // the organization's mode
  const projections::Models::Model& model() const { return model_; }
  Instant at() const { return at_; }
  const OpenOrg& org() const { return org_; }
  const std::function<void()>& meanwhile() const { return org_.meanwhile; }

  // 0 for somebody of whom nothing is known.
  projections::Number number_of(const SubjectId& subject);
  // Whether they may be asked: not who was removed from the organization or is disabled. Somebody from outside may.
  bool may_review(const SubjectId& person);
  SubjectId subject_of(projections::Number member);

 private:
  Sight(const OpenOrg& org, projections::Facts facts, projections::Models::Model model, Instant at)
      : org_(org), model_(std::move(model)), access_(std::move(facts), model_), holds_(access_, at), at_(at) {}

  const OpenOrg& org_;
  projections::Models::Model model_;
  projections::Access access_;
  projections::Holds holds_;
  Instant at_;
};

// A record of the log, people by subject, texts sealed.
Outcome<Record> record_at(storage::Snapshot& snapshot, std::uint64_t position);

}  // namespace tenure::services
