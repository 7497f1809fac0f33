// People by identity, each looked up once: for lists and reports of one organization. One thread.
#pragma once

#include <string>
#include <unordered_map>

#include "services/api/parts.h"

namespace tenure::services {

class ShownPeople {
 public:
  ShownPeople(Parts& parts, const OpenOrg& org) : parts_(parts), org_(org) {}

  // Empty where it cannot be read, which is noted.
  const std::string& identity(const SubjectId& subject) {
    const auto [at, made] = known_.emplace(subject, std::string());
    if (!made) return at->second;
    auto identity = parts_.identities.of_subject(*org_.snapshot, org_.id, org_.number, subject);
    if (identity) {
      at->second = std::move(*identity);
    } else {
      note(identity.error());
    }
    return at->second;
  }
  // Of somebody who has no subject yet, and whom the log does not name.
  void know(const SubjectId& subject, const std::string& identity) { known_.emplace(subject, identity); }
  std::string name_of(const Actor& actor) {
    return actor.is_person() ? identity(actor.who.subject) : actor.who.identity;
  }
  // The text of a record's reason, opened; empty where there is none or its owner was erased.
  std::string reason_of(const Record& record) {
    if (!record.event.reason) return {};
    const auto owner = parts_.identities.owner_of_texts(record);
    const auto text = owner ? parts_.people.open(org_.id, *owner, record.event.reason->text)
                            : Outcome<std::optional<std::string>>(owner.error());
    if (!text) note(text.error());
    return text && *text ? **text : std::string();
  }

  const std::optional<Failure>& failure() const { return failure_; }
  void note(const Failure& failure) {
    if (!failure_) failure_ = failure;
  }

 protected:
  Parts& parts_;
  const OpenOrg& org_;

 private:
  std::unordered_map<SubjectId, std::string> known_;
  std::optional<Failure> failure_;
};

}  // namespace tenure::services
