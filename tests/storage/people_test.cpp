#include "storage/people.h"

#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

#include "events/digest.h"
#include "storage/memory/key_vault.h"
#include "storage/rocks/key_vault.h"
#include "storage/seal.h"
#include "tests/storage/store_contract.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

const OrgId acme("acme"), beta("beta");

MasterKey master_key(std::uint8_t seed = 1) {
  MasterKey key;
  key.bytes.fill(seed);
  return key;
}
// A vault that outlives the People who use it, and counts the writes.
class SharedVault final : public KeyVault {
 public:
  explicit SharedVault(std::shared_ptr<KeyVault> vault) : vault_(std::move(vault)) {}
  Outcome<std::optional<SubjectId>> find(const OrgId& org, const Digest& lookup) override {
    return vault_->find(org, lookup);
  }
  Outcome<std::optional<std::string>> wrapped_key(const OrgId& org, SubjectId subject) override {
    return vault_->wrapped_key(org, subject);
  }
  Outcome<void> put(const std::vector<NewSubject>& subjects) override { return ++puts, vault_->put(subjects); }
  Outcome<bool> erase(const OrgId& org, SubjectId subject) override { return vault_->erase(org, subject); }
  Outcome<void> close() override { return {}; }
  static inline int puts = 0;

 private:
  std::shared_ptr<KeyVault> vault_;
};

struct Fixture {
  std::shared_ptr<KeyVault> vault = std::make_shared<MemoryKeyVault>();
  std::unique_ptr<People> people = fresh();

  // The same people after a restart: nothing in the caches.
  std::unique_ptr<People> fresh(std::uint8_t seed = 1) const {
    return std::make_unique<People>(std::make_unique<SharedVault>(vault), master_key(seed));
  }
  SubjectId one(std::string_view identity, const OrgId& org = acme) const {
    return value_of(people->find_or_make(org, {identity})).front();
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "spellings of one identity are one person: case, composed and decomposed letters") {
  const SubjectId zoe = one("Zo\xc3\xab@Acme.test");  // e with diaeresis, one letter
  CHECK(one("zo\xc3\xab@acme.TEST") == zoe);
  CHECK(one("ZOE\xcc\x88@acme.test") == zoe);  // E and a combining diaeresis
  CHECK(one("STRASSE") == one("stra\xc3\x9f"
                              "e"));
  CHECK(one("\xce\xa3\xce\x91\xce\xa3") == one("\xcf\x83\xce\xb1\xcf\x82"));  // capital, small and final sigma
  CHECK(one("zoe@acme.test") != zoe);
  CHECK(one("ana@acme.test") == one("ANA@acme.test"));
  CHECK(one("ana@acme.test") != one("ana@acme.test "));
}

TEST_CASE_METHOD(Fixture, "text that is not UTF-8 is a person of its own") {
  const SubjectId odd = one("ana\xff");
  CHECK(one("ana\xff") == odd);
  CHECK(one("ana\xfe") != odd);
  CHECK(one("ana\xef\xbf\xbd") != odd);
}

TEST_CASE_METHOD(Fixture, "people are found again after a restart, and only in their organization") {
  const SubjectId ana = one("ana@acme.test");
  people = fresh();
  CHECK(value_of(people->find(acme, "Ana@acme.test")) == ana);
  CHECK_FALSE(value_of(people->find(beta, "ana@acme.test")));
  CHECK_FALSE(value_of(people->find(acme, "bob@acme.test")));
  CHECK(one("ana@acme.test", beta) != ana);
}

TEST_CASE_METHOD(Fixture, "many people are made in one write, in order, and known ones in none") {
  one("first");
  const int before = SharedVault::puts;
  const auto made = value_of(people->find_or_make(acme, {"ana", "bob", "ANA", "first", "cid", "bob"}));
  REQUIRE(made.size() == 6);
  CHECK(SharedVault::puts == before + 1);
  CHECK(made[0] == made[2]);
  CHECK(made[1] == made[5]);
  CHECK(made[3] == one("first"));
  CHECK(std::set<SubjectId>(made.begin(), made.end()).size() == 4);
  CHECK(value_of(people->find_or_make(acme, {"cid", "bob", "ana"})) == std::vector{made[4], made[1], made[0]});
  CHECK(SharedVault::puts == before + 1);
  CHECK(value_of(people->find_or_make(acme, {})).empty());
}

TEST_CASE_METHOD(Fixture, "threads that name the same new people agree on who they are") {
  std::vector<std::vector<SubjectId>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        auto made = people->find_or_make(acme, {std::to_string(i)});
        if (made) mine.push_back(made->front());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen[0].size() == 200);
  for (const auto& other : seen) CHECK(other == seen[0]);
}

TEST_CASE_METHOD(Fixture, "an identity is shown as it was first sent, once somebody has opened it") {
  const SubjectId ana = one("Ana@Acme.test");
  CHECK_FALSE(people->identity(acme, ana));
  people->remember(acme, ana, "Ana@Acme.test");
  one("ANA@ACME.TEST");
  CHECK(people->identity(acme, ana) == std::string("Ana@Acme.test"));
  CHECK_FALSE(people->identity(beta, ana));
}

TEST_CASE_METHOD(Fixture, "sealed text opens again, after a restart too, and never contains the text") {
  const SubjectId ana = one("ana@acme.test");
  for (const std::string& text : {std::string("ana@acme.test"), std::string(), std::string("\0\xff binary", 9),
                                  std::string(5'000, 'a') + "ana@acme.test"}) {
    const std::string sealed = value_of(people->seal(acme, ana, text));
    CHECK(value_of(people->open(acme, ana, sealed)) == text);
    CHECK(value_of(fresh()->open(acme, ana, sealed)) == text);
    CHECK(sealed != value_of(people->seal(acme, ana, text)));  // a nonce each
    const std::string bytes = from_base64(sealed).value_or("");
    REQUIRE(bytes.size() >= 29);
    if (text.size() > 8) {
      CHECK(bytes.find(text.substr(text.size() - 8)) == std::string::npos);
      CHECK(sealed.find(text.substr(text.size() - 8)) == std::string::npos);
    }
  }
  CHECK(value_of(people->seal(acme, ana, std::string(5'000, 'a'))).size() < 200);
}

TEST_CASE_METHOD(Fixture, "sealed text that was touched, or that is another's, is corruption") {
  const SubjectId ana = one("ana"), bob = one("bob");
  for (const std::string& text : {std::string("short"), std::string(500, 'l')}) {
    const std::string sealed = value_of(people->seal(acme, ana, text));
    const std::string bytes = from_base64(sealed).value_or("");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string touched = bytes;
      touched[i] = static_cast<char>(touched[i] ^ 1);
      INFO("byte " << i);
      require_fails(people->open(acme, ana, to_base64(touched)), FailureCode::corruption);
    }
    require_fails(people->open(acme, ana, to_base64(bytes.substr(0, bytes.size() - 1))), FailureCode::corruption);
    require_fails(people->open(acme, bob, sealed), FailureCode::corruption);
  }
  for (const char* text : {"", "A", "====", "AAAA", "not base64!!"}) {
    require_fails(people->open(acme, ana, text), FailureCode::corruption);
  }
}

TEST_CASE_METHOD(Fixture, "an erased person is gone: no key, no name, and a stranger on return") {
  const SubjectId ana = one("ana"), bob = one("bob");
  const std::string sealed = value_of(people->seal(acme, ana, "ana"));
  people->remember(acme, ana, "ana");
  people->remember(acme, bob, "bob");
  CHECK(value_of(people->erase(acme, ana)));
  CHECK_FALSE(value_of(people->erase(acme, ana)));
  CHECK_FALSE(value_of(people->open(acme, ana, sealed)));
  CHECK_FALSE(value_of(people->find(acme, "ana")));
  CHECK_FALSE(people->identity(acme, ana));
  require_fails(people->seal(acme, ana, "again"), FailureCode::not_found);
  people->remember(acme, ana, "ana");  // by somebody who opened it a moment before
  CHECK_FALSE(people->identity(acme, ana));
  CHECK(people->identity(acme, bob) == std::string("bob"));
  CHECK(one("ana") != ana);
  CHECK(one("bob") == bob);
}

TEST_CASE_METHOD(Fixture, "a vault is refused to another master key") {
  const SubjectId ana = one("ana");
  const auto stranger = fresh(2);
  require_fails(stranger->check_master(), FailureCode::wrong_format);
  require_fails(stranger->find(acme, "ana"), FailureCode::wrong_format);
  require_fails(stranger->find_or_make(acme, {"ana"}), FailureCode::wrong_format);
  require_fails(stranger->seal(acme, ana, "x"), FailureCode::wrong_format);
  require_ok(fresh()->check_master());
}

TEST_CASE_METHOD(Fixture, "a keyed digest depends on the text and on the master key") {
  CHECK(people->keyed_digest("a") == fresh()->keyed_digest("a"));
  CHECK(people->keyed_digest("a") != people->keyed_digest("b"));
  CHECK(people->keyed_digest("a") != fresh(2)->keyed_digest("a"));
  CHECK(people->keyed_digest("a") != sha256("a"));
}

TEST_CASE("the keyed hash and the key derivation are the published ones") {
  SecretKey key;  // RFC 4231, test case 2, its key padded with zeros as HMAC itself pads it
  std::copy_n("Jefe", 4, key.bytes.begin());
  CHECK(to_hex(hmac_sha256(key, "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // HKDF by its definition: extract with a zero salt, expand one block.
  SecretKey secret, zeros, extracted;
  secret.bytes.fill(9);
  const Digest extract = hmac_sha256(zeros, {reinterpret_cast<const char*>(secret.bytes.data()), secret.bytes.size()});
  extracted.bytes = extract;
  CHECK(derive_key(secret, "purpose").bytes == hmac_sha256(extracted, "purpose\x01"));
}

TEST_CASE("base64 is the standard one, both ways, and nothing else is taken") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes(size, '\0');
    random_bytes(bytes.data(), bytes.size());
    CHECK(from_base64(to_base64(bytes)) == bytes);
  }
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm9v\n"}) {
    INFO(text);
    CHECK_FALSE(from_base64(text));
  }
}

TEST_CASE("a master key is made once, for its owner's eyes, and read again") {
  TempFolder folder;
  const std::string path = folder.path("master.key");
  const MasterKey made = value_of(load_or_make_master_key(path));
  CHECK(value_of(load_or_make_master_key(path)).bytes == made.bytes);
  CHECK(value_of(load_or_make_master_key(folder.path("other.key"))).bytes != made.bytes);
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  CHECK(about.st_size == 65);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));

  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  auto open_to_others = load_or_make_master_key(path);
  require_fails(open_to_others, FailureCode::io);
  CHECK(open_to_others.error().because.find("chmod 600 " + path) != std::string::npos);

  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  for (const std::string& text : {std::string(), std::string(63, 'a') + "\n", std::string(64, 'a'),
                                  std::string(64, 'g') + "\n", std::string(64, 'a') + "\nmore"}) {
    std::ofstream(path) << text;
    require_fails(load_or_make_master_key(path), FailureCode::wrong_format);
  }
  require_fails(load_or_make_master_key(folder.path("no such folder/master.key")), FailureCode::io);
}
