#include "events/digest.h"

#include <thread>

#include "tests/catch.h"

using namespace tenure;

TEST_CASE("SHA-256 agrees with the published test vectors") {
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a leaf hash is the hash of a zero byte and the record") {
  CHECK(to_hex(leaf_hash("")) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  CHECK(leaf_hash("record") == sha256(std::string("\0record", 7)));
  CHECK(leaf_hash("record") != sha256("record"));
}

TEST_CASE("threads hash beside each other without mixing") {
  Digest other;
  std::thread beside([&] {
    for (int i = 0; i < 1000; ++i) other = sha256("other");
  });
  for (int i = 0; i < 1000; ++i) REQUIRE(sha256("mine") == sha256("mine"));
  beside.join();
  CHECK(other == sha256("other"));
}

TEST_CASE("a digest survives its way through text, and other text is no digest") {
  const Digest digest = sha256("x");
  CHECK(digest_from_hex(to_hex(digest)) == digest);
  CHECK_FALSE(digest_from_hex(""));
  CHECK_FALSE(digest_from_hex(to_hex(digest) + "0"));
  CHECK_FALSE(digest_from_hex(to_hex(digest).substr(1)));
  CHECK_FALSE(digest_from_hex(std::string(63, '0') + "g"));
}

TEST_CASE("a subject is written as s_ and 32 hex digits") {
  SubjectId subject;
  for (std::size_t i = 0; i < subject.bytes.size(); ++i) subject.bytes[i] = static_cast<std::uint8_t>(i * 17);
  CHECK(to_text(subject) == "s_00112233445566778899aabbccddeeff");
  CHECK(subject_from_text("s_00112233445566778899aabbccddeeff") == subject);
  CHECK_FALSE(subject_from_text("00112233445566778899aabbccddeeff"));
  CHECK_FALSE(subject_from_text("s_00112233445566778899aabbccddeef"));
  CHECK_FALSE(subject_from_text("s_"));
}
