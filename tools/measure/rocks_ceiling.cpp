#include "tools/measure/rocks_ceiling.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tenure::bench {
namespace {

constexpr std::size_t readahead_bytes = std::size_t{2} << 20;

void check(const rocksdb::Status& status) {
  if (!status.ok()) throw std::runtime_error("rocksdb: " + status.ToString());
}

// Keys as a log has them: rising, eight bytes, the highest first.
std::string key_of(std::uint64_t number) {
  std::string key(8, '\0');
  for (int i = 7; i >= 0; --i, number >>= 8) key[static_cast<std::size_t>(i)] = static_cast<char>(number & 0xff);
  return key;
}

}  // namespace

double rocks_synced_puts_per_second(const std::string& path, const RocksCeiling& settings) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  rocksdb::DB* opened = nullptr;
  check(rocksdb::DB::Open(options, path, &opened));
  std::unique_ptr<rocksdb::DB> db(opened);

  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  rocksdb::Status failed;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + settings.duration;
  {
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < settings.threads; ++i) {
      writers.emplace_back([&] {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        const std::string value(settings.value_bytes, 'v');
        while (std::chrono::steady_clock::now() < end) {
          rocksdb::WriteBatch batch;
          const std::uint64_t first = next.fetch_add(settings.puts_a_write);
          for (std::size_t k = 0; k < settings.puts_a_write; ++k) batch.Put(key_of(first + k), value);
          const rocksdb::Status status = db->Write(synced, &batch);
          if (status.ok()) continue;
          const std::lock_guard lock(mutex);
          failed = status;
          return;
        }
      });
    }
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  check(failed);
  check(db->Close());
  db.reset();
  std::filesystem::remove_all(path);
  return static_cast<double>(next.load()) / std::chrono::duration<double>(took).count();
}

double rocks_scanned_per_second(const std::string& store, std::uint64_t records) {
  rocksdb::DB* opened = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()}, {"log", rocksdb::ColumnFamilyOptions()}};
  check(rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), store, families, &handles, &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::ReadOptions read;
  read.fill_cache = false;
  read.readahead_size = readahead_bytes;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t found = 0, bytes = 0;
  {
    const std::unique_ptr<rocksdb::Iterator> row(db->NewIterator(read, handles.back()));
    for (row->SeekToFirst(); row->Valid(); row->Next(), ++found) bytes += row->value().size();
    check(row->status());
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  for (auto* handle : handles) check(db->DestroyColumnFamilyHandle(handle));
  if (found < records || bytes < found) throw std::runtime_error("rocksdb: the store's log has other records");
  return static_cast<double>(found) / took.count();
}

}  // namespace tenure::bench
