// Sealing: authenticated encryption, key derivation, keyed digests and base64, over OpenSSL. Internal to storage/.
//
// Pure but for `random_bytes`; any thread (ciphers and contexts are fetched once a thread). What fails only when
// OpenSSL itself is broken throws std::runtime_error; what depends on the bytes answers nothing.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/ids.h"

namespace tenure::storage {

// An AES-256 or HMAC key. Wiped when it goes.
struct SecretKey {
  std::array<std::uint8_t, 32> bytes{};

  SecretKey() = default;
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

inline constexpr std::size_t nonce_bytes = 12;
inline constexpr std::size_t tag_bytes = 16;

void random_bytes(void* to, std::size_t count);

// HKDF-SHA-256 without salt; `purpose` keeps keys of one secret apart.
SecretKey derive_key(const SecretKey& secret, std::string_view purpose);
Digest hmac_sha256(const SecretKey& key, std::string_view bytes);

// AES-256-GCM: nonce(12) ciphertext tag(16), the nonce random.
std::string seal_bytes(const SecretKey& key, std::string_view associated, std::string_view plain);
// Nothing if the tag does not fit; what was decrypted until then is wiped.
std::optional<std::string> open_bytes(const SecretKey& key, std::string_view associated, std::string_view sealed);

// RFC 4648 section 4, with padding; nothing for text that no encoder writes.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace tenure::storage
