#include "services/tokens.h"

#include <openssl/rand.h>

#include <algorithm>
#include <mutex>

#include "events/digest.h"

namespace tenure::services {

namespace {

bool listed(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

bool Token::may(std::string_view scope) const {
  return scope.empty() || listed(scopes, scope) || listed(scopes, "admin");
}
bool Token::sees(std::string_view org) const { return orgs.empty() || listed(orgs, org); }
bool Token::speaks_for(std::string_view kind) const { return actor_kinds.empty() || listed(actor_kinds, kind); }

bool Token::covers(const std::vector<std::string>& other_orgs, const std::vector<std::string>& other_kinds) const {
  const auto within = [](const std::vector<std::string>& mine, const std::vector<std::string>& others) {
    if (mine.empty()) return true;
    return !others.empty() &&
           std::all_of(others.begin(), others.end(), [&](const std::string& other) { return listed(mine, other); });
  };
  return within(orgs, other_orgs) && within(actor_kinds, other_kinds);
}

void Tokens::apply(const Record& record, const std::string& principal) {
  const std::unique_lock lock(mutex_);
  if (const auto* created = std::get_if<event::TokenCreated>(&record.event.data)) {
    auto token = std::make_shared<Token>();
    token->id = created->token;
    token->principal = principal;
    token->scopes = created->scopes;
    token->orgs = created->orgs;
    token->actor_kinds = created->actor_kinds;
    token->created_at = record.recorded_at;
    token->expires_at = created->expires_at;
    token->hash = created->hash;
    hash_by_id_[token->id] = token->hash;
    by_hash_[token->hash] = std::move(token);
  } else if (const auto* gone = std::get_if<event::TokenRevoked>(&record.event.data)) {
    const auto it = hash_by_id_.find(gone->token);
    if (it == hash_by_id_.end()) return;
    by_hash_.at(it->second)->revoked = true;
  }
}

std::shared_ptr<const Token> Tokens::find(std::string_view secret, Instant now) const {
  const std::string hash = to_hex(sha256(secret));
  const std::shared_lock lock(mutex_);
  const auto it = by_hash_.find(hash);
  return it == by_hash_.end() || !it->second->stands(now) ? nullptr : it->second;
}

std::shared_ptr<const Token> Tokens::by_id(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto it = hash_by_id_.find(id);
  return it == hash_by_id_.end() ? nullptr : by_hash_.at(it->second);
}

std::vector<std::shared_ptr<const Token>> Tokens::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<const Token>> tokens;
  for (const auto& [id, hash] : hash_by_id_) tokens.push_back(by_hash_.at(hash));
  return tokens;
}

Outcome<NewToken> make_token() {
  Digest secret, id;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1 ||
      RAND_bytes(id.data(), static_cast<int>(id.size())) != 1) {
    return fail(FailureCode::io, "the system gives no random bytes");
  }
  NewToken made{"tok_" + to_hex(id).substr(0, 16), "tnr_" + to_hex(secret), {}};
  made.hash = to_hex(sha256(made.secret));
  return made;
}

}  // namespace tenure::services
