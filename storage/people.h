// People: from the identities that clients send to the opaque subjects that the log knows, and back.
//
// An identity (e-mail, handle, name) is folded (NFC, then Unicode case folding, ICU) and looked up by
// HMAC-SHA-256 of `org 0x00 folded` under a lookup key derived from the master key (HKDF-SHA-256, its own
// info string). A new person gets 16 random bytes as subject and a random AES-256 key of its own, wrapped under
// the master key (AES-256-GCM, the subject id and organization as associated data). Text about a person is sealed under
// that person's key: zstd-compressed if that is shorter, AES-256-GCM, 96-bit random nonce, written as
// base64 of `flag(1) nonce(12) ciphertext tag(16)`. Associated data:
// organization 0x00 subject flag.
//
// Threads: every call from any thread. Identities and unwrapped keys are cached, bounded
// (identity_cache_max, key_cache_max below); `erase` drops them from the caches first.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/ids.h"
#include "events/result.h"
#include "storage/key_vault.h"

namespace tenure::storage {

// 32 bytes; whoever has them and the vault can read every name.
struct MasterKey {
  std::array<std::uint8_t, 32> bytes{};
};

// Reads 64 hex digits and a newline from `path` (mode 0600 expected; a file open to others is refused with the
// `chmod` that mends it); makes it with fresh random bytes, mode 0600, synced with its folder, if it is not there.
Outcome<MasterKey> load_or_make_master_key(const std::string& path);

class People {
 public:
  // Entries kept in memory; an entry is about 100 bytes.
  static constexpr std::size_t identity_cache_max = 200'000;
  static constexpr std::size_t key_cache_max = 200'000;

  People(std::unique_ptr<KeyVault> vault, const MasterKey& master);
  ~People();

  // wrong_format if the vault was made with another master key; a new vault takes this one as its own. Every call
  // that needs a key asks this first; call it at the start to hear of it then.
  Outcome<void> check_master();

  // The subject of an identity in an organization, if Tenure knows the person.
  Outcome<std::optional<SubjectId>> find(const OrgId& org, std::string_view identity);

  // The subjects of many identities, in order; new people are made and are durable when this
  // returns (one synced write for all of them, none when all are known).
  Outcome<std::vector<SubjectId>> find_or_make(const OrgId& org, const std::vector<std::string_view>& identities);

  // Text sealed under the subject's key, base64. not_found if the subject was erased.
  Outcome<std::string> seal(const OrgId& org, SubjectId subject, std::string_view text);
  // The text again; nothing if the subject was erased; corruption if the tag does not fit.
  Outcome<std::optional<std::string>> open(const OrgId& org, SubjectId subject, std::string_view sealed);

  // The identity as first sent, from the cache. The caller fills the cache with `remember` after it
  // opened the sealed identity of the record that first names the person.
  std::optional<std::string> identity(const OrgId& org, SubjectId subject) const;
  void remember(const OrgId& org, SubjectId subject, std::string_view identity);

  // A keyed digest of any text (its own derived key), for recognising what must not be stored bare.
  Digest keyed_digest(std::string_view text) const;

  // A secret of the server's own (what it shows to others to be let in), under a key derived for that. `name` is bound
  // to it: sealed under one name it does not open under another. Opening answers nothing for what was not sealed so.
  std::string seal_secret(std::string_view name, std::string_view secret) const;
  std::optional<std::string> open_secret(std::string_view name, std::string_view sealed) const;

  // Forgets a person: key, lookup, caches. True if it was there. Durable when it returns.
  Outcome<bool> erase(const OrgId& org, SubjectId subject);

  Outcome<void> close();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::storage
