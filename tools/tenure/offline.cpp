#include "tools/tenure/offline.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "events/digest.h"
#include "events/wire/json_text.h"
#include "events/wire/record_wire.h"
#include "services/record/rebuild.h"
#include "storage/people.h"
#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"
#include "tools/tenure/exit_codes.h"

namespace tenure {

namespace {

int failed(const OfflineOptions& options, const Failure& failure) {
  std::cerr << "tenure: " << failure.because << "\n";
  if (options.json) {
    JsonText said;
    std::cout << said.open('{').field("ok", false).field("because", failure.because).close('}').take() << "\n";
  }
  return failure.code == FailureCode::corruption ? exit_corrupt : exit_failed;
}

void show(std::uint64_t done, std::uint64_t all) {
  if (!::isatty(STDERR_FILENO) || all == 0) return;
  std::cerr << "\r" << done << " of " << all << " records (" << done * 100 / all << " %)" << (done == all ? "\n" : "")
            << std::flush;
}

// Where each organization's chain stands.
struct Chain {
  Version version;
  Digest digest{};
};

// The names that stand sealed in the log, and the keys that open them.
class Names {
 public:
  // Without keys where DATA has none.
  static Outcome<Names> of(const OfflineOptions& options) {
    Names names;
    const std::string vault_folder = options.data + "/keys";
    std::error_code ignored;
    if (!std::filesystem::exists(vault_folder + "/CURRENT", ignored)) return names;
    const std::string file = options.master_key.empty() ? options.data + "/master.key" : options.master_key;
    if (!std::filesystem::exists(file, ignored)) {
      return fail(FailureCode::not_found, "there are keys in " + vault_folder + " but no master key in " + file +
                                              "; --master-key names its file.");
    }
    const auto master = storage::load_or_make_master_key(file);
    if (!master) return master.error();
    auto vault = storage::open_key_vault(vault_folder);
    if (!vault) return vault.error();
    names.people_ = std::make_unique<storage::People>(std::move(*vault), *master);
    if (const auto fits = names.people_->check_master(); !fits) return fits.error();
    return names;
  }

  bool checked() const { return people_ != nullptr; }
  std::uint64_t people() const { return all_; }
  std::uint64_t without_key() const { return without_key_; }

  // What is wrong with those of a record, or nothing.
  std::string fault_of(const Record& record) {
    for (const auto& [subject, sealed] : record.subjects) {
      if (!people_) return {};
      const auto name = people_->open(record.org, subject, sealed);
      if (!name) return "the name of " + to_text(subject) + " does not open: " + name.error().because;
      ++all_;
      without_key_ += !*name;
    }
    return {};
  }

 private:
  std::unique_ptr<storage::People> people_;
  std::uint64_t all_ = 0, without_key_ = 0;
};

// The first thing that is wrong with a record, or nothing.
std::string fault_of(const storage::LogRecord& stored, storage::Snapshot& snapshot,
                     std::unordered_map<std::string, Chain>& chains, Names& names) {
  if (leaf_hash(stored.bytes) != stored.leaf) return "its bytes are not those that were hashed";
  const auto record = wire::read_record(stored.bytes, [&](const Digest& hash) -> Outcome<std::string> {
    auto part = snapshot.blob(hash);
    if (part && sha256(*part) != hash)
      return fail(FailureCode::corruption, "the blob " + to_hex(hash) + " is not what was hashed");
    return part;
  });
  if (!record) return record.error().because;
  Chain& chain = chains[record->org.text];
  if (record->position != stored.position)
    return "it says that its position is " + std::to_string(record->position.value);
  if (record->version != chain.version.next()) {
    return "its version is " + std::to_string(record->version.value) + ", where " + record->org.text + " was at " +
           std::to_string(chain.version.value);
  }
  if (record->prev != chain.digest) return "its chain does not follow the record before it of " + record->org.text;
  const auto found = snapshot.position_of(record->org, record->version);
  if (!found) return "its version does not lead to it: " + found.error().because;
  if (*found != stored.position) return "its version leads to position " + std::to_string(found->value);
  chain = {record->version, sha256(stored.bytes)};
  return names.fault_of(*record);
}

// The store of a data folder, which must be there: what is looked at or mended is never made.
Outcome<std::unique_ptr<storage::RocksStore>> open_existing(const std::string& data,
                                                            const storage::RocksSettings& settings = {}) {
  std::error_code ignored;
  if (!std::filesystem::exists(data + "/store/CURRENT", ignored)) {
    return fail(FailureCode::not_found,
                "there is no store in " + data + "; --data names the folder that `tenure serve --data` was given.");
  }
  return storage::RocksStore::open(data + "/store", settings);
}

void say_sound(const OfflineOptions& options, std::uint64_t records, std::uint64_t chains, const Names& names) {
  if (options.json) {
    JsonText said;
    said.open('{').field("ok", true).field("records", records).field("organizations", chains);
    if (names.checked()) said.field("people", names.people()).field("without_key", names.without_key());
    std::cout << said.close('}').take() << "\n";
    return;
  }
  std::cout << "ok: " << records << " records, " << chains << " chains, views readable, ";
  if (!names.checked()) {
    std::cout << "names not looked at (" << options.data << " has no keys)\n";
    return;
  }
  std::cout << names.people() - names.without_key() << " people's names open";
  if (names.without_key() > 0) {
    std::cout << ", " << names.without_key() << " have no key: they were erased, or their keys are lost";
  }
  std::cout << "\n";
}

}  // namespace

int run_verify(const OfflineOptions& options) {
  auto store = open_existing(options.data);
  if (!store) return failed(options, store.error());
  auto names = Names::of(options);
  if (!names) return failed(options, names.error());
  // One snapshot is walked, the other looked things up in: a row must not use the reader that it comes from.
  const auto snapshot = (*store)->snapshot(), beside = (*store)->snapshot();
  std::unordered_map<std::string, Chain> chains;
  Position expected(1);
  std::string fault;
  const auto done = snapshot->records(Position(1), [&](const storage::LogRecord& stored) {
    if (stored.position != expected) {
      fault = "it is missing: position " + std::to_string(stored.position.value) + " follows";
    } else {
      fault = fault_of(stored, *beside, chains, *names);
    }
    if (!fault.empty()) return false;
    expected = expected.next();
    if (expected.value % 10'000 == 0) show(expected.value, snapshot->head().value);
    return true;
  });
  if (!done && fault.empty()) fault = done.error().because;
  if (!fault.empty()) {
    if (options.json) {
      JsonText said;
      said.open('{').field("ok", false).field("position", expected.value).field("because", fault);
      std::cout << said.close('}').take() << "\n";
    }
    std::cerr << "tenure: position " << expected.value << " is bad: " << fault << "\n";
    return exit_corrupt;
  }
  if (const auto views = (*store)->check_views(); !views) return failed(options, views.error());
  const std::uint64_t count = expected.value - 1;
  if (count != snapshot->head().value)
    return failed(options, fail(FailureCode::corruption, "the log ends at " + std::to_string(count)));
  show(count, count);
  say_sound(options, count, chains.size(), *names);
  return exit_ok;
}

int run_rebuild(const OfflineOptions& options) {
  storage::RocksSettings settings;
  settings.for_mending = true;
  auto store = open_existing(options.data, settings);
  if (!store) return failed(options, store.error());
  projections::Models models;
  if (const auto done = services::load_models(**store, models); !done) return failed(options, done.error());
  const auto done = services::rebuild_views(**store, models,
                                            [](Position reached, Position head) { show(reached.value, head.value); });
  if (!done) return failed(options, done.error());
  if (!done->lost_keys.empty()) {
    std::cerr
        << "tenure: some of what is no view of the log could not be read and is lost: a request sent before and "
           "retried by its Idempotency-Key alone may be recorded again, a consumer or sink goes on from where it was "
           "made, a sink may lack its token ("
        << done->lost_keys << ")\n";
  }
  if (options.json) {
    std::cout << "{\"records\":" << (*store)->head().value << ",\"resumed_at\":" << done->resumed_at.value << "}\n";
  } else {
    std::cout << "rebuilt: " << (*store)->head().value << " records";
    if (done->resumed_at > Position(0)) std::cout << ", going on behind position " << done->resumed_at.value;
    std::cout << "\n";
  }
  return exit_ok;
}

}  // namespace tenure
