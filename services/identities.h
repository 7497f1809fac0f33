// From the numbers and subjects of the views to the identities that people know.
//
// An identity is opened from the record that first named the person and then kept by People. A person who
// was erased is shown as "subject:s_…".
//
// Threads: any, each with its own snapshot. Failures: the store's; corruption if a sealed identity does not open.
#pragma once

#include <string>
#include <string_view>

#include "events/digest.h"
#include "events/record.h"
#include "projections/directory.h"
#include "storage/people.h"

namespace tenure::services {

// The subject of "subject:s_…", which is how a person without an identity is shown; nothing for any other text.
inline std::optional<SubjectId> subject_named(std::string_view text) {
  constexpr std::string_view mark = "subject:";
  return text.starts_with(mark) ? subject_from_text(text.substr(mark.size())) : std::nullopt;
}

class Identities {
 public:
  Identities(storage::People& people, projections::DirectoryCache& names) : people_(people), names_(names) {}

  Outcome<std::string> of_member(storage::Snapshot& snapshot, const OrgId& org, projections::OrgNumber number,
                                 projections::Number member);
  Outcome<std::string> of_subject(storage::Snapshot& snapshot, const OrgId& org, projections::OrgNumber number,
                                  const SubjectId& subject);
  // The member's number, by identity or as they are shown without one; 0 if the organization has never heard of the
  // person.
  Outcome<projections::Number> member_of(storage::Snapshot& snapshot, const OrgId& org, projections::OrgNumber number,
                                         std::string_view identity);

  // Whose key opens the record's private texts: a person's, else the organization's own; empty if there is none yet.
  Outcome<SubjectId> owner_of_texts(const Record& record);

  // Fills in the record's people and opens its private texts; answers `before` with identities in it.
  Outcome<std::string> resolve(storage::Snapshot& snapshot, projections::OrgNumber number, Record& record);
  // The record as the API shows it: people by identity, private texts opened.
  Outcome<std::string> show(storage::Snapshot& snapshot, projections::OrgNumber number, Record record);

 private:
  Outcome<std::string> with_identities(storage::Snapshot& snapshot, const OrgId& org, projections::OrgNumber number,
                                       std::string_view json);

  storage::People& people_;
  projections::DirectoryCache& names_;
};

}  // namespace tenure::services
