#include "services/publish.h"

#include <mutex>

#include "events/digest.h"
#include "services/record/rebuild.h"

namespace tenure::services {

AppendResult append_own(AppendQueue& appends, EventPayload payload, const Recording& by) {
  AppendRequest request;
  request.org = tenure_org;
  request.own = true;
  request.by = by;
  Event& event = request.events.emplace_back();
  event.actor = {ActorKind::system, {"tenure", {}}};
  event.data = std::move(payload);
  return appends.submit_and_wait(std::move(request));
}

AppendResult publish_model(AppendQueue& appends, projections::Models& models, const projections::Models::Model& model,
                           const Recording& by) {
  event::ModelPublished published;
  published.model = model->id();
  published.version = model->version();
  published.document.text = model->document();
  // One at a time: which version is the newest goes by the log's order, here as at the next start.
  static std::mutex publishing;
  const std::lock_guard one(publishing);
  auto result = append_own(appends, std::move(published), by);
  if (std::holds_alternative<AppendAnswer>(result)) models.add(model);
  return result;
}

AppendResult record_token(AppendQueue& appends, Tokens& tokens, const NewToken& fresh, const TokenWish& wish,
                          const Recording& by) {
  event::TokenCreated created;
  created.token = fresh.id;
  created.hash = fresh.hash;
  created.principal.identity = wish.principal;
  created.scopes = wish.scopes;
  created.orgs = wish.orgs;
  created.actor_kinds = wish.actor_kinds;
  created.expires_at = wish.expires_at;
  auto result = append_own(appends, created, by);
  if (const auto* answer = std::get_if<AppendAnswer>(&result)) {
    Record record;
    record.event.data = created;
    record.recorded_at = answer->recorded_at;
    tokens.apply(record, wish.principal);
  }
  return result;
}

TokenMade create_token(AppendQueue& appends, Tokens& tokens, const TokenWish& wish, const Recording& by) {
  TokenMade made{Failure{}, {}};
  const auto fresh = make_token();
  if (!fresh) return made.result = fresh.error(), made;
  made.token = *fresh;
  made.result = record_token(appends, tokens, *fresh, wish, by);
  return made;
}

AppendResult revoke_token(AppendQueue& appends, Tokens& tokens, std::string_view id, const Recording& by) {
  const event::TokenRevoked revoked{std::string(id)};
  auto result = append_own(appends, revoked, by);
  auto* failure = std::get_if<Failure>(&result);
  if (failure || std::holds_alternative<AppendAnswer>(result)) {
    // Also where nothing can be recorded: a token that leaked must not live on because a disk is full.
    Record record;
    record.event.data = revoked;
    tokens.apply(record, {});
  }
  if (failure) {
    failure->because +=
        " The token is refused from now on, but that is not on record: it is valid again when the server has been "
        "started anew, until it is revoked then.";
  }
  return result;
}

Outcome<void> OwnPeople::note(const Record& record) {
  for (const auto& [subject, sealed] : record.subjects) {
    auto identity = people_.open(tenure_org, subject, sealed);
    if (!identity) return identity.error();
    if (*identity) named_[subject] = std::move(**identity);
  }
  return {};
}

std::string OwnPeople::of_subject(const SubjectId& subject) const {
  const auto found = named_.find(subject);
  return found == named_.end() ? "subject:" + to_text(subject) : found->second;
}

Outcome<void> load_tokens(storage::Store& store, storage::People& people, Tokens& tokens) {
  const auto snapshot = store.snapshot();
  OwnPeople named(people);
  return each_own_record(*snapshot, [&](const Record& record) -> Outcome<void> {
    if (const auto noted = named.note(record); !noted) return noted;
    const auto* created = std::get_if<event::TokenCreated>(&record.event.data);
    tokens.apply(record, created ? named.of_subject(created->principal.subject) : std::string());
    return {};
  });
}

}  // namespace tenure::services
