// What belongs to no organization: publishing access models, making and revoking tokens, and whatever else is an
// event of the reserved organization; the registries in memory follow it.
#pragma once

#include <map>
#include <string>

#include "projections/models.h"
#include "services/append_queue.h"
#include "services/tokens.h"
#include "storage/people.h"

namespace tenure::services {

// Records one event of the reserved organization, by the system; waits until it is durable.
AppendResult append_own(AppendQueue& appends, EventPayload payload, const Recording& by);

// Records `model.published`; the document stands in the record, or beside it as a blob. Known at once when it returns.
AppendResult publish_model(AppendQueue& appends, projections::Models& models, const projections::Models::Model& model,
                           const Recording& by);

struct TokenWish {
  std::string principal;
  std::vector<std::string> scopes, orgs, actor_kinds;
  std::optional<Instant> expires_at;
};
struct TokenMade {
  AppendResult result;
  NewToken token;
};
// With a secret that was made before; the other makes it.
AppendResult record_token(AppendQueue& appends, Tokens& tokens, const NewToken& fresh, const TokenWish& wish,
                          const Recording& by);
TokenMade create_token(AppendQueue& appends, Tokens& tokens, const TokenWish& wish, const Recording& by);
AppendResult revoke_token(AppendQueue& appends, Tokens& tokens, std::string_view id, const Recording& by);

// Whom the reserved organization's records name, read off the records themselves: no view is asked, since it may not be
// there yet. One thread.
class OwnPeople {
 public:
  explicit OwnPeople(storage::People& people) : people_(people) {}
  // Each record in turn, before its people are asked for.
  Outcome<void> note(const Record& record);
  // As Identities::of_subject.
  std::string of_subject(const SubjectId& subject) const;

 private:
  storage::People& people_;
  std::map<SubjectId, std::string> named_;
};

// Every token of the log, also where the views are not there yet.
Outcome<void> load_tokens(storage::Store& store, storage::People& people, Tokens& tokens);

}  // namespace tenure::services
