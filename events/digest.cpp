#include "events/digest.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace tenure {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::string_view subject_prefix = "s_";

struct FreeMethod {
  void operator()(EVP_MD* method) const { EVP_MD_free(method); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// SHA-256 with the method fetched and the context made once a thread: fetching by name costs as much
// as hashing a record.
class Sha256 {
 public:
  Sha256() : method_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    require(method_ != nullptr && context_ != nullptr);
  }

  void begin() { require(EVP_DigestInit_ex2(context_.get(), method_.get(), nullptr) == 1); }
  void add(const void* bytes, std::size_t count) { require(EVP_DigestUpdate(context_.get(), bytes, count) == 1); }
  Digest end() {
    Digest digest;
    unsigned int length = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1 && length == digest.size());
    return digest;
  }

 private:
  // SHA-256 fails only when the library is broken or memory is out: nothing a caller could mend.
  static void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL has no working SHA-256");
  }

  std::unique_ptr<EVP_MD, FreeMethod> method_;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

Sha256& hasher() {
  thread_local Sha256 one;
  return one;
}

template <std::size_t N>
void append_hex(std::string& text, const std::array<std::uint8_t, N>& bytes) {
  char digits[2 * N];
  for (std::size_t i = 0; i < N; ++i) {
    digits[2 * i] = hex_digits[bytes[i] >> 4];
    digits[2 * i + 1] = hex_digits[bytes[i] & 0x0f];
  }
  text.append(digits, sizeof digits);
}

// What a byte is worth as a hexadecimal digit; above 15 if it is none. Without a table, so that a compiler can do many
// at once.
constexpr std::uint8_t hex_value(char byte) {
  const auto digit = static_cast<std::uint8_t>(byte - '0');
  const auto letter = static_cast<std::uint8_t>((byte | 0x20) - 'a');
  const auto of_letter = static_cast<std::uint8_t>(letter < 6 ? letter + 10 : 255);
  return digit < 10 ? digit : of_letter;
}

template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::uint8_t, N>& bytes) {
  if (text.size() != 2 * N) return false;
  std::array<std::uint8_t, 2 * N> digits;
  for (std::size_t i = 0; i < 2 * N; ++i) digits[i] = hex_value(text[i]);
  std::uint8_t wrong = 0;
  for (const std::uint8_t digit : digits) wrong |= digit;
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::uint8_t>(digits[2 * i] << 4 | digits[2 * i + 1]);
  return wrong < 16;
}

}  // namespace

Digest sha256(std::string_view bytes) {
  Sha256& hash = hasher();
  hash.begin();
  hash.add(bytes.data(), bytes.size());
  return hash.end();
}

Digest leaf_hash(std::string_view record) {
  constexpr unsigned char leaf_prefix = 0x00;  // RFC 6962: a leaf can never be taken for an inner node
  Sha256& hash = hasher();
  hash.begin();
  hash.add(&leaf_prefix, 1);
  hash.add(record.data(), record.size());
  return hash.end();
}

std::string to_hex(const Digest& digest) {
  std::string text;
  text.reserve(2 * digest.size());
  append_hex(text, digest);
  return text;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  Digest digest;
  if (!read_hex(hex, digest)) return std::nullopt;
  return digest;
}

std::string to_text(const SubjectId& subject) {
  std::string text(subject_prefix);
  text.reserve(subject_prefix.size() + 2 * subject.bytes.size());
  append_hex(text, subject.bytes);
  return text;
}

std::optional<SubjectId> subject_from_text(std::string_view text) {
  if (!text.starts_with(subject_prefix)) return std::nullopt;
  SubjectId subject;
  if (!read_hex(text.substr(subject_prefix.size()), subject.bytes)) return std::nullopt;
  return subject;
}

}  // namespace tenure
