// Bearer tokens: who may do what. A token is created, listed and revoked as events of the reserved
// organization; only the SHA-256 of its 256-bit secret is kept.
//
// `find` is called for every request, on any thread, and reads memory alone. A revocation holds as soon as it is
// recorded, also for whoever has the token in hand: what takes long asks `stands` again.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/record.h"

namespace tenure::services {

// `review:any`: decides in access reviews for other people, too; both are recorded.
inline constexpr std::string_view token_scopes[] = {"admin", "append", "read", "review", "review:any", "feed"};

struct Token {
  std::string id;         // "tok_…", public
  std::string principal;  // identity
  std::vector<std::string> scopes;
  std::vector<std::string> orgs;         // empty: all
  std::vector<std::string> actor_kinds;  // empty: any
  Instant created_at;
  std::optional<Instant> expires_at;
  std::string hash;
  std::atomic<bool> revoked{false};

  // Neither revoked nor expired.
  bool stands(Instant now) const { return !revoked && (!expires_at || *expires_at > now); }
  // `admin` may do everything.
  bool may(std::string_view scope) const;
  bool sees(std::string_view org) const;
  bool speaks_for(std::string_view actor_kind) const;
  // Whether what reaches these organizations and actors (empty: all) reaches no further than this token.
  bool covers(const std::vector<std::string>& other_orgs, const std::vector<std::string>& other_kinds) const;
};

class Tokens {
 public:
  // From the log, in order.
  void apply(const Record& record, const std::string& principal);
  // By the secret that a client sent; null if there is none that stands.
  std::shared_ptr<const Token> find(std::string_view secret, Instant now) const;
  std::shared_ptr<const Token> by_id(std::string_view id) const;
  std::vector<std::shared_ptr<const Token>> all() const;

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Token>> by_hash_;
  std::map<std::string, std::string, std::less<>> hash_by_id_;
};

// A new secret ("tnr_…") and public id ("tok_…") from the system's randomness.
struct NewToken {
  std::string id;
  std::string secret;
  std::string hash;
};
Outcome<NewToken> make_token();

}  // namespace tenure::services
