#include "storage/people.h"

#include <zstd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "events/digest.h"
#include "storage/bounded_cache.h"
#include "storage/fold.h"
#include "storage/seal.h"

namespace tenure::storage {

namespace {

// Purposes of the keys that are derived from the master key; on disk for ever (FORMAT.md, "Keys").
constexpr std::string_view lookup_purpose = "tenure lookup 1";
constexpr std::string_view wrap_purpose = "tenure wrap 1";
constexpr std::string_view digest_purpose = "tenure keyed digest 1";
constexpr std::string_view secret_purpose = "tenure secret 1";
// What the vault keeps under the organization without a name, to know its master key again.
constexpr std::string_view master_check = "tenure master key check 1";

constexpr char flag_plain = 0;
constexpr char flag_zstd = 1;
constexpr std::size_t compress_bytes_min = 96;  // shorter text hardly shrinks, and the frame costs 10 bytes
constexpr std::size_t text_bytes_max = std::size_t{64} << 20;  // a sealed text that says it is longer is damage
constexpr int zstd_level = 1;

// A subject of an organization. Subjects are random, so the organization's hash is enough to keep them apart.
struct Person {
  std::size_t org;
  SubjectId subject;

  bool operator==(const Person&) const = default;
};
struct PersonHash {
  std::size_t operator()(const Person& person) const {
    std::size_t value;
    std::memcpy(&value, person.subject.bytes.data(), sizeof value);
    return value ^ person.org;
  }
};
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

Person person_of(const OrgId& org, SubjectId subject) { return {std::hash<OrgId>{}(org), subject}; }

// org 0x00 tail: no organization's name holds a NUL.
std::string scoped(const OrgId& org, std::string_view tail) {
  std::string text;
  text.reserve(org.text.size() + 1 + tail.size());
  text += org.text;
  text.push_back('\0');
  text += tail;
  return text;
}
std::string associated(const OrgId& org, SubjectId subject) {
  return scoped(org, {reinterpret_cast<const char*>(subject.bytes.data()), subject.bytes.size()});
}

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// The text compressed, or nothing where that does not make it shorter.
std::optional<std::string> compressed(std::string_view text) {
  if (text.size() < compress_bytes_min) return std::nullopt;
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t count =
      ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), text.data(), text.size(), zstd_level);
  if (ZSTD_isError(count) || count >= text.size()) return std::nullopt;
  packed.resize(count);
  return packed;
}

std::optional<std::string> decompressed(std::string_view packed) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > text_bytes_max) return std::nullopt;
  std::string text(size, '\0');
  const std::size_t count = ZSTD_decompressDCtx(context.get(), text.data(), text.size(), packed.data(), packed.size());
  if (ZSTD_isError(count) || count != text.size()) return std::nullopt;
  return text;
}

Failure not_as_sealed(const OrgId& org, SubjectId subject, const char* what) {
  return fail(FailureCode::corruption,
              std::string(what) + " of " + to_text(subject) + " in " + org.text + " is not as it was sealed.");
}

SecretKey secret_of(const MasterKey& master) {
  SecretKey key;
  key.bytes = master.bytes;
  return key;
}

}  // namespace

struct People::Inside {
  Inside(std::unique_ptr<KeyVault> v, const SecretKey& master)
      : vault(std::move(v)),
        lookup_key(derive_key(master, lookup_purpose)),
        wrap_key(derive_key(master, wrap_purpose)),
        digest_key(derive_key(master, digest_purpose)),
        secret_key(derive_key(master, secret_purpose)) {}

  const std::unique_ptr<KeyVault> vault;
  const SecretKey lookup_key, wrap_key, digest_key, secret_key;

  std::mutex writing;                     // one writer of the vault at a time
  std::atomic<bool> master_known{false};  // that this master key is the vault's

  BoundedCache<std::string, SubjectId, TextHash, std::equal_to<>> subjects{identity_cache_max};  // by org 0x00 folded
  BoundedCache<Person, std::string, PersonHash, std::equal_to<>> identities{identity_cache_max};
  BoundedCache<Person, SecretKey, PersonHash, std::equal_to<>> keys{key_cache_max};

  Outcome<void> check_master();
  Outcome<std::optional<SubjectId>> look_up(const OrgId& org, const std::string& scoped_identity);
  Outcome<std::optional<SecretKey>> key_of(const OrgId& org, SubjectId subject);
  NewSubject fresh(const OrgId& org, const std::string& scoped_identity) const;
  Outcome<void> make(const OrgId& org, const std::vector<std::string>& scoped_identities,
                     std::unordered_map<std::string, SubjectId>& made);
};

// A vault opened with another master key would find nobody and make everybody anew: so the first one leaves its mark.
Outcome<void> People::Inside::check_master() {
  if (master_known) return {};
  const std::lock_guard lock(writing);
  if (master_known) return {};
  const OrgId nobody;
  const SubjectId mark{};
  const std::string bound = associated(nobody, mark);
  auto wrapped = vault->wrapped_key(nobody, mark);
  if (!wrapped) return wrapped.error();
  if (!*wrapped) {
    NewSubject first{nobody, hmac_sha256(lookup_key, master_check), mark, seal_bytes(wrap_key, bound, master_check)};
    if (auto put = vault->put({std::move(first)}); !put) return put;
  } else if (open_bytes(wrap_key, bound, **wrapped) != std::string(master_check)) {
    return fail(FailureCode::wrong_format,
                "The key vault was made with another master key, or its check entry is damaged: "
                "start with the master key that belongs to it.");
  }
  master_known = true;
  return {};
}

Outcome<std::optional<SubjectId>> People::Inside::look_up(const OrgId& org, const std::string& scoped_identity) {
  if (auto known = subjects.find(scoped_identity)) return known;
  const std::uint64_t epoch = subjects.epoch();
  auto found = vault->find(org, hmac_sha256(lookup_key, scoped_identity));
  if (found && *found) subjects.put(scoped_identity, **found, epoch);
  return found;
}

Outcome<std::optional<SecretKey>> People::Inside::key_of(const OrgId& org, SubjectId subject) {
  const Person person = person_of(org, subject);
  if (auto known = keys.find(person)) return known;
  if (auto checked = check_master(); !checked) return checked.error();
  const std::uint64_t epoch = keys.epoch();
  auto wrapped = vault->wrapped_key(org, subject);
  if (!wrapped) return wrapped.error();
  if (!*wrapped) return std::optional<SecretKey>();
  auto bare = open_bytes(wrap_key, associated(org, subject), **wrapped);
  SecretKey key;
  if (!bare || bare->size() != key.bytes.size()) return not_as_sealed(org, subject, "The key");
  std::memcpy(key.bytes.data(), bare->data(), key.bytes.size());
  OPENSSL_cleanse(bare->data(), bare->size());
  keys.put(person, key, epoch);
  return std::optional(key);
}

NewSubject People::Inside::fresh(const OrgId& org, const std::string& scoped_identity) const {
  NewSubject one;
  one.org = org;
  one.lookup = hmac_sha256(lookup_key, scoped_identity);
  random_bytes(one.subject.bytes.data(), one.subject.bytes.size());
  SecretKey key;
  random_bytes(key.bytes.data(), key.bytes.size());
  one.wrapped_key = seal_bytes(wrap_key, associated(org, one.subject),
                               {reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()});
  return one;
}

// Makes those of the identities that nobody made meanwhile; all of them are in `made` afterwards.
Outcome<void> People::Inside::make(const OrgId& org, const std::vector<std::string>& scoped_identities,
                                   std::unordered_map<std::string, SubjectId>& made) {
  const std::lock_guard lock(writing);
  const std::uint64_t epoch = subjects.epoch();
  std::vector<NewSubject> fresh_ones;
  for (const std::string& identity : scoped_identities) {
    if (made.contains(identity)) continue;
    auto found = look_up(org, identity);
    if (!found) return found.error();
    if (*found) {
      made.emplace(identity, **found);
    } else {
      fresh_ones.push_back(fresh(org, identity));
      made.emplace(identity, fresh_ones.back().subject);
    }
  }
  if (fresh_ones.empty()) return {};
  if (auto put = vault->put(fresh_ones); !put) return put;
  for (const auto& [identity, subject] : made) subjects.put(identity, subject, epoch);
  return {};
}

People::People(std::unique_ptr<KeyVault> vault, const MasterKey& master)
    : inside_(std::make_unique<Inside>(std::move(vault), secret_of(master))) {}
People::~People() = default;

Outcome<void> People::check_master() { return inside_->check_master(); }

Outcome<std::optional<SubjectId>> People::find(const OrgId& org, std::string_view identity) {
  if (auto checked = inside_->check_master(); !checked) return checked.error();
  std::string key = scoped(org, {});
  append_folded(key, identity);
  return inside_->look_up(org, key);
}

Outcome<std::vector<SubjectId>> People::find_or_make(const OrgId& org,
                                                     const std::vector<std::string_view>& identities) {
  if (auto checked = inside_->check_master(); !checked) return checked.error();
  std::vector<SubjectId> subjects(identities.size());
  std::vector<std::string> unknown;
  std::vector<std::size_t> unknown_at;
  std::string key;
  for (std::size_t i = 0; i < identities.size(); ++i) {
    key.assign(org.text);
    key.push_back('\0');
    append_folded(key, identities[i]);
    auto found = inside_->look_up(org, key);
    if (!found) return found.error();
    if (*found) {
      subjects[i] = **found;
    } else {
      unknown.push_back(key);
      unknown_at.push_back(i);
    }
  }
  if (unknown.empty()) return subjects;
  std::unordered_map<std::string, SubjectId> made;
  if (auto done = inside_->make(org, unknown, made); !done) return done.error();
  for (std::size_t n = 0; n < unknown.size(); ++n) subjects[unknown_at[n]] = made.at(unknown[n]);
  return subjects;
}

Outcome<std::string> People::seal(const OrgId& org, SubjectId subject, std::string_view text) {
  auto key = inside_->key_of(org, subject);
  if (!key) return key.error();
  if (!*key) {
    return fail(FailureCode::not_found,
                "There is no key of " + to_text(subject) + " in " + org.text + ": erased or never made.");
  }
  const std::optional<std::string> packed = compressed(text);
  std::string bytes(1, packed ? flag_zstd : flag_plain);
  bytes += seal_bytes(**key, associated(org, subject) + bytes, packed ? std::string_view(*packed) : text);
  return to_base64(bytes);
}

Outcome<std::optional<std::string>> People::open(const OrgId& org, SubjectId subject, std::string_view sealed) {
  auto key = inside_->key_of(org, subject);
  if (!key) return key.error();
  if (!*key) return std::optional<std::string>();
  const auto bytes = from_base64(sealed);
  if (!bytes || bytes->empty()) return not_as_sealed(org, subject, "A text");
  const char flag = bytes->front();
  auto plain = open_bytes(**key, associated(org, subject) + flag, std::string_view(*bytes).substr(1));
  if (plain && flag == flag_zstd) plain = decompressed(*plain);
  if (!plain || (flag != flag_plain && flag != flag_zstd)) return not_as_sealed(org, subject, "A text");
  return plain;
}

std::optional<std::string> People::identity(const OrgId& org, SubjectId subject) const {
  return inside_->identities.find(person_of(org, subject));
}

// Only while the person is known: a caller that opened the identity just before an erasure must not bring it back.
void People::remember(const OrgId& org, SubjectId subject, std::string_view identity) {
  const std::uint64_t epoch = inside_->identities.epoch();
  const auto key = inside_->key_of(org, subject);
  if (key && *key) inside_->identities.put(person_of(org, subject), std::string(identity), epoch);
}

Digest People::keyed_digest(std::string_view text) const { return hmac_sha256(inside_->digest_key, text); }

std::string People::seal_secret(std::string_view name, std::string_view secret) const {
  return seal_bytes(inside_->secret_key, name, secret);
}

std::optional<std::string> People::open_secret(std::string_view name, std::string_view sealed) const {
  return open_bytes(inside_->secret_key, name, sealed);
}

Outcome<bool> People::erase(const OrgId& org, SubjectId subject) {
  if (auto checked = inside_->check_master(); !checked) return checked.error();
  const Person gone = person_of(org, subject);
  const auto is_gone = [&](const Person& person, const auto&) { return person == gone; };
  const auto drop = [&] {
    inside_->subjects.forget([&](const std::string&, const SubjectId& one) { return one == subject; });
    inside_->keys.forget(is_gone);
    inside_->identities.forget(is_gone);
  };
  const std::lock_guard lock(inside_->writing);
  drop();
  auto erased = inside_->vault->erase(org, subject);
  drop();  // what another thread read from the vault between the two
  return erased;
}

Outcome<void> People::close() {
  const std::lock_guard lock(inside_->writing);
  return inside_->vault->close();
}

}  // namespace tenure::storage
