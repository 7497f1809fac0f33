#include "services/publish.h"

#include "events/digest.h"
#include "events/wire/record_wire.h"

namespace tenure::services {

namespace {

AppendResult append_own(AppendQueue& appends, EventPayload data, const Recording& by) {
  AppendRequest request;
  request.org = tenure_org;
  request.own = true;
  request.by = by;
  Event& event = request.events.emplace_back();
  event.actor = {ActorKind::system, {"tenure", {}}};
  event.data = std::move(data);
  return appends.submit_and_wait(std::move(request));
}

}  // namespace

AppendResult publish_model(AppendQueue& appends, projections::Models& models, const projections::Models::Model& model,
                           const Recording& by) {
  event::ModelPublished published;
  published.model = model->id();
  published.version = model->version();
  published.document.text = model->document();
  auto result = append_own(appends, std::move(published), by);
  if (std::holds_alternative<AppendAnswer>(result)) models.add(model);
  return result;
}

TokenMade create_token(AppendQueue& appends, Tokens& tokens, const TokenWish& wish, const Recording& by, Instant now) {
  TokenMade made{Failure{}, {}};
  auto fresh = make_token();
  if (!fresh) return made.result = fresh.error(), made;
  made.token = *fresh;
  event::TokenCreated created;
  created.token = fresh->id;
  created.hash = fresh->hash;
  created.principal.identity = wish.principal;
  created.scopes = wish.scopes;
  created.orgs = wish.orgs;
  created.actor_kinds = wish.actor_kinds;
  created.expires_at = wish.expires_at;
  made.result = append_own(appends, created, by);
  if (std::holds_alternative<AppendAnswer>(made.result)) {
    Record record;
    record.event.data = created;
    record.recorded_at = now;
    tokens.apply(record, wish.principal);
  }
  return made;
}

AppendResult revoke_token(AppendQueue& appends, Tokens& tokens, std::string_view id, const Recording& by) {
  const event::TokenRevoked revoked{std::string(id)};
  auto result = append_own(appends, revoked, by);
  if (std::holds_alternative<AppendAnswer>(result)) {
    Record record;
    record.event.data = revoked;
    tokens.apply(record, {});
  }
  return result;
}

Outcome<void> load_registries(storage::Store& store, Identities& identities, projections::Models& models,
                              Tokens& tokens) {
  const auto snapshot = store.snapshot();
  const auto newest = snapshot->version_of(tenure_org);
  if (!newest) return newest.error();
  const auto number = projections::find_org(*snapshot, tenure_org);
  if (!number) return number.error();
  for (Version version(1); version <= *newest; version = version.next()) {
    const auto position = snapshot->position_of(tenure_org, version);
    if (!position) return position.error();
    const auto stored = snapshot->record(*position);
    if (!stored) return stored.error();
    const auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot->blob(hash); });
    if (!record) return record.error();
    if (const auto* published = std::get_if<event::ModelPublished>(&record->event.data)) {
      auto model = AccessModel::parse(published->document.text);
      if (!model || (*model)->version() != published->version) {
        return fail(FailureCode::corruption,
                    "the access model of position " + std::to_string(position->value) + " cannot be read");
      }
      models.add(*model);
    } else if (const auto* created = std::get_if<event::TokenCreated>(&record->event.data)) {
      const auto principal = identities.of_subject(*snapshot, tenure_org, *number, created->principal.subject);
      if (!principal) return principal.error();
      tokens.apply(*record, *principal);
    } else {
      tokens.apply(*record, {});
    }
  }
  return {};
}

}  // namespace tenure::services
