// The contract of storage/key_vault.h, on every vault, and what only the one on disk can break.
#include "storage/memory/key_vault.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "events/digest.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/open_options.h"
#include "tests/storage/store_contract.h"
#include "tests/storage/test_file_system.h"

using namespace tenure;
using namespace tenure::storage;
using namespace tenure::storage::testing;

namespace {

// 60 bytes that compress as badly as a sealed key does, the same for the same name.
std::string key_of(const std::string& name) {
  const Digest one = sha256(name), two = sha256(name + "'");
  return std::string(one.begin(), one.end()) + std::string(two.begin(), two.begin() + 28);
}
NewSubject subject(const std::string& org, const std::string& name) {
  NewSubject one{OrgId(org), sha256("lookup " + name), {}, key_of(org + name)};
  const Digest digest = sha256(org + " subject " + name);
  std::copy_n(digest.begin(), one.subject.bytes.size(), one.subject.bytes.begin());
  return one;
}

class VaultUnderTest {
 public:
  explicit VaultUnderTest(StoreKind kind) {
    if (kind == StoreKind::memory) {
      vault_ = std::make_unique<MemoryKeyVault>();
    } else {
      vault_ = value_of(open_key_vault(path()));
    }
  }
  KeyVault* operator->() { return vault_.get(); }
  std::string path() const { return folder_.path("vault"); }
  void reopen() {
    require_ok(vault_->close());
    vault_ = value_of(open_key_vault(path()));
  }

 private:
  TempFolder folder_;
  std::unique_ptr<KeyVault> vault_;
};

// The files of a folder that hold these bytes anywhere.
std::vector<std::string> files_with(const std::string& folder, std::string_view bytes) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    if (all.find(bytes) != std::string::npos) found.push_back(entry.path().filename().string());
  }
  return found;
}
std::string_view bytes_of(const SubjectId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}
std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

TEST_CASE("a vault finds a subject by its lookup and its key by the subject, in its own organization only") {
  VaultUnderTest vault(GENERATE(StoreKind::memory, StoreKind::rocks));
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob");
  CHECK_FALSE(value_of(vault->find(ana.org, ana.lookup)));
  require_ok(vault->put({ana, bob}));
  CHECK(value_of(vault->find(ana.org, ana.lookup)) == ana.subject);
  CHECK(value_of(vault->find(bob.org, bob.lookup)) == bob.subject);
  CHECK(value_of(vault->wrapped_key(ana.org, ana.subject)) == ana.wrapped_key);
  CHECK_FALSE(value_of(vault->find(OrgId("beta"), ana.lookup)));
  CHECK_FALSE(value_of(vault->wrapped_key(OrgId("acm"), ana.subject)));
  CHECK_FALSE(value_of(vault->wrapped_key(ana.org, SubjectId{})));
}

TEST_CASE("an erased subject has neither key nor lookup, and no other loses anything") {
  VaultUnderTest vault(GENERATE(StoreKind::memory, StoreKind::rocks));
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob"), other = subject("beta", "ana");
  require_ok(vault->put({ana, bob, other}));
  CHECK(value_of(vault->erase(ana.org, ana.subject)));
  CHECK_FALSE(value_of(vault->erase(ana.org, ana.subject)));
  CHECK_FALSE(value_of(vault->find(ana.org, ana.lookup)));
  CHECK_FALSE(value_of(vault->wrapped_key(ana.org, ana.subject)));
  CHECK(value_of(vault->wrapped_key(bob.org, bob.subject)) == bob.wrapped_key);
  CHECK(value_of(vault->find(other.org, other.lookup)) == other.subject);
  require_ok(vault->put({ana}));
  CHECK(value_of(vault->find(ana.org, ana.lookup)) == ana.subject);
}

TEST_CASE("a closed vault answers closed") {
  VaultUnderTest vault(GENERATE(StoreKind::memory, StoreKind::rocks));
  const NewSubject ana = subject("acme", "ana");
  require_ok(vault->close());
  require_ok(vault->close());
  require_fails(vault->find(ana.org, ana.lookup), FailureCode::closed);
  require_fails(vault->wrapped_key(ana.org, ana.subject), FailureCode::closed);
  require_fails(vault->put({ana}), FailureCode::closed);
  require_fails(vault->erase(ana.org, ana.subject), FailureCode::closed);
}

TEST_CASE("reopening a vault keeps every key and no erased one") {
  VaultUnderTest vault(StoreKind::rocks);
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob");
  require_ok(vault->put({ana, bob}));
  CHECK(value_of(vault->erase(ana.org, ana.subject)));
  vault.reopen();
  CHECK_FALSE(value_of(vault->wrapped_key(ana.org, ana.subject)));
  CHECK(value_of(vault->wrapped_key(bob.org, bob.subject)) == bob.wrapped_key);
}

TEST_CASE("after an erasure no file of the vault holds the key, the lookup or the subject") {
  VaultUnderTest vault(StoreKind::rocks);
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob");
  // First and last of all keys, so that the lists of tables name it too; spread over tables and the log.
  std::vector<NewSubject> many;
  for (int i = 0; i < 500; ++i) many.push_back(subject("beta", std::to_string(i)));
  require_ok(vault->put({ana, bob}));
  vault.reopen();
  require_ok(vault->put(many));
  require_ok(vault->put({ana}));
  // The bytes are there to be found before: otherwise finding none afterwards would say nothing.
  REQUIRE_FALSE(files_with(vault.path(), ana.wrapped_key).empty());
  REQUIRE_FALSE(files_with(vault.path(), bytes_of(ana.lookup)).empty());
  CHECK(value_of(vault->erase(ana.org, ana.subject)));
  CHECK(files_with(vault.path(), ana.wrapped_key).empty());
  CHECK(files_with(vault.path(), bytes_of(ana.lookup)).empty());
  CHECK(files_with(vault.path(), bytes_of(ana.subject)).empty());
  CHECK_FALSE(files_with(vault.path(), bob.wrapped_key).empty());
  for (const NewSubject& one : many) REQUIRE(value_of(vault->wrapped_key(one.org, one.subject)) == one.wrapped_key);
}

TEST_CASE(
    "keys are durable when put returns, and an erasure that a power cut ended early is finished at the next start") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  const auto env = env_over(files);
  auto vault = value_of(open_vault(folder.path("vault"), env));
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob");
  require_ok(vault->put({ana, bob}));
  files->cut_power(folder.path("vault"), folder.path("after put"));
  int syncs = 0;
  files->before_log_sync = [&] {
    // The second sync of an erasure is that of its last step: the deletion itself is durable by then.
    if (++syncs == 2) files->cut_power(folder.path("vault"), folder.path("in erasure"));
  };
  CHECK(value_of(vault->erase(ana.org, ana.subject)));
  files->before_log_sync = {};
  REQUIRE(syncs >= 2);
  require_ok(vault->close());

  auto kept = value_of(open_key_vault(folder.path("after put")));
  CHECK(value_of(kept->wrapped_key(ana.org, ana.subject)) == ana.wrapped_key);
  auto cut = value_of(open_key_vault(folder.path("in erasure")));
  CHECK_FALSE(value_of(cut->wrapped_key(ana.org, ana.subject)));
  CHECK(value_of(cut->wrapped_key(bob.org, bob.subject)) == bob.wrapped_key);
  CHECK(files_with(folder.path("in erasure"), ana.wrapped_key).empty());
  CHECK(files_with(folder.path("in erasure"), bytes_of(ana.lookup)).empty());
}

TEST_CASE("a vault on a full disk refuses new keys, finds the old ones and recovers") {
  TempFolder folder;
  const auto files = std::make_shared<TestFileSystem>();
  const auto env = env_over(files);
  auto vault = value_of(open_vault(folder.path("vault"), env));
  const NewSubject ana = subject("acme", "ana"), bob = subject("acme", "bob");
  require_ok(vault->put({ana}));
  files->set_room(10);
  require_fails(vault->put({bob}), FailureCode::disk_full);
  require_fails(vault->put({bob}), FailureCode::disk_full);
  CHECK(value_of(vault->wrapped_key(ana.org, ana.subject)) == ana.wrapped_key);
  CHECK_FALSE(value_of(vault->wrapped_key(bob.org, bob.subject)));
  files->set_room(std::nullopt);
  require_ok(vault->put({bob}));
  CHECK(value_of(vault->wrapped_key(bob.org, bob.subject)) == bob.wrapped_key);
}
