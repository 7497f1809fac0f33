#include "storage/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "events/digest.h"

namespace tenure::storage {

namespace {

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t hmac_block_bytes = 64;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
};
struct FreeKdfContext {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// AES-256-GCM, fetched once a thread; the context forgets its key after each use.
struct Gcm {
  std::unique_ptr<EVP_CIPHER, FreeCipher> cipher{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context{EVP_CIPHER_CTX_new()};

  Gcm() { require(cipher != nullptr && context != nullptr, "seal with AES-256-GCM"); }
};
Gcm& gcm() {
  thread_local Gcm one;
  return one;
}

// Nonces are drawn some at a time: a call of the generator costs as much as sealing a short text. They are no secret. A
// process that was forked draws its own: the same one twice under one key would give the texts away.
class Nonces {
 public:
  void next(unsigned char* to) {
    if (const pid_t here = ::getpid(); left_ == 0 || here != drawn_by_) {
      left_ = 0;
      random_bytes(bytes_.data(), bytes_.size());
      left_ = at_once;
      drawn_by_ = here;
    }
    std::memcpy(to, bytes_.data() + --left_ * nonce_bytes, nonce_bytes);
  }

 private:
  static constexpr std::size_t at_once = 32;
  std::array<unsigned char, at_once * nonce_bytes> bytes_;
  std::size_t left_ = 0;
  pid_t drawn_by_ = 0;
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// The bits of one base64 digit, or -1.
int base64_bits(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

void random_bytes(void* to, std::size_t count) {
  require(RAND_bytes(static_cast<unsigned char*>(to), static_cast<int>(count)) == 1, "make random bytes");
}

SecretKey derive_key(const SecretKey& secret, std::string_view purpose) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  require(kdf != nullptr, "derive keys with HKDF");
  const std::unique_ptr<EVP_KDF_CTX, FreeKdfContext> context(EVP_KDF_CTX_new(kdf.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(secret.bytes.data()),
                                        secret.bytes.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(purpose.data()), purpose.size()),
      OSSL_PARAM_construct_end()};
  SecretKey key;
  require(context && EVP_KDF_derive(context.get(), key.bytes.data(), key.bytes.size(), parameters) == 1,
          "derive keys with HKDF");
  return key;
}

// RFC 2104 over the hash that is at hand anyway: OpenSSL's own MAC objects cost more to set up than two hashes.
Digest hmac_sha256(const SecretKey& key, std::string_view bytes) {
  thread_local std::string inner, outer;
  inner.assign(hmac_block_bytes, '\x36');
  outer.assign(hmac_block_bytes, '\x5c');
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key.bytes[i]);
    outer[i] = static_cast<char>(outer[i] ^ key.bytes[i]);
  }
  inner += bytes;
  const Digest first = sha256(inner);
  outer.append(reinterpret_cast<const char*>(first.data()), first.size());
  const Digest digest = sha256(outer);
  OPENSSL_cleanse(inner.data(), inner.size());
  OPENSSL_cleanse(outer.data(), outer.size());
  return digest;
}

std::string seal_bytes(const SecretKey& key, std::string_view associated, std::string_view plain) {
  std::string sealed(nonce_bytes + plain.size() + tag_bytes, '\0');
  thread_local Nonces nonces;
  unsigned char* nonce = bytes_of(sealed);
  nonces.next(nonce);
  unsigned char* text = nonce + nonce_bytes;
  EVP_CIPHER_CTX* context = gcm().context.get();
  int count = 0;
  bool done =
      EVP_EncryptInit_ex2(context, gcm().cipher.get(), key.bytes.data(), nonce, nullptr) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &count, bytes_of(associated), static_cast<int>(associated.size())) == 1 &&
      EVP_EncryptUpdate(context, text, &count, bytes_of(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context, text + plain.size(), &count) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, text + plain.size()) == 1;
  EVP_CIPHER_CTX_reset(context);
  require(done, "seal with AES-256-GCM");
  return sealed;
}

std::optional<std::string> open_bytes(const SecretKey& key, std::string_view associated, std::string_view sealed) {
  if (sealed.size() < nonce_bytes + tag_bytes) return std::nullopt;
  const std::string_view text = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - tag_bytes);
  std::array<unsigned char, tag_bytes> tag;
  std::memcpy(tag.data(), sealed.data() + sealed.size() - tag_bytes, tag_bytes);
  std::string plain(text.size(), '\0');
  EVP_CIPHER_CTX* context = gcm().context.get();
  int count = 0;
  const bool done =
      EVP_DecryptInit_ex2(context, gcm().cipher.get(), key.bytes.data(), bytes_of(sealed), nullptr) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &count, bytes_of(associated), static_cast<int>(associated.size())) == 1 &&
      EVP_DecryptUpdate(context, bytes_of(plain), &count, bytes_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context, bytes_of(plain) + plain.size(), &count) == 1;
  EVP_CIPHER_CTX_reset(context);
  if (done) return plain;
  OPENSSL_cleanse(plain.data(), plain.size());
  return std::nullopt;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  for (std::size_t i = 0; i < bytes.size(); i += 3, out += 4) {
    const std::string_view three = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t n = 0; n < 3; ++n)
      bits = bits << 8 | (n < three.size() ? static_cast<std::uint8_t>(three[n]) : 0u);
    for (std::size_t n = 0; n <= three.size(); ++n) out[n] = base64_digits[bits >> (18 - 6 * n) & 63];
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::string_view four = text.substr(i, 4);
    if (i + 4 == text.size()) {
      if (four.ends_with("==")) {
        four.remove_suffix(2);
      } else if (four.ends_with('=')) {
        four.remove_suffix(1);
      }
    }
    std::uint32_t bits = 0;
    for (char c : four) {
      const int six = base64_bits(c);
      if (six < 0) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(six);
    }
    bits <<= 6 * (4 - four.size());
    for (std::size_t n = 0; n + 1 < four.size(); ++n) bytes.push_back(static_cast<char>(bits >> (16 - 8 * n) & 0xff));
    if ((bits & ((1u << (8 * (4 - four.size()))) - 1)) != 0)
      return std::nullopt;  // stray bits: another text for these bytes
  }
  return bytes;
}

}  // namespace tenure::storage
