// What belongs to no organization: publishing access models, making and revoking tokens, and whatever else is an
// event of the reserved organization; the registries in memory follow it.
#pragma once

#include "projections/models.h"
#include "services/append_queue.h"
#include "services/identities.h"
#include "services/tokens.h"

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
                          const Recording& by, Instant now);
TokenMade create_token(AppendQueue& appends, Tokens& tokens, const TokenWish& wish, const Recording& by, Instant now);
AppendResult revoke_token(AppendQueue& appends, Tokens& tokens, std::string_view id, const Recording& by);

// Every token of the log. The models are loaded before, by load_models (services/record/rebuild.h): reading views needs
// them.
Outcome<void> load_tokens(storage::Store& store, Identities& identities, Tokens& tokens);

}  // namespace tenure::services
