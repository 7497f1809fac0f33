// What RocksDB keeps in memory until it is flushed, as a skip list of our own.
//
// Debian's build of RocksDB has its assertions on: its own list compares an append's rows three times as often as it
// must, each time by two virtual calls that count for statistics. That was a quarter of what an append costs.
//
// Each memtable owns one. Threads: one writer at a time, which RocksDB sees to (allow_concurrent_memtable_write must be
// off), and any number of readers beside it, which take no lock. All memory is the memtable's own arena and is counted
// there. Keys compare as unsigned bytes, the newer entry of the same key first: only for families with RocksDB's
// default comparator. O(log n), and O(log distance) from the last insertion.
#pragma once

#include <rocksdb/memtablerep.h>

#include <memory>

namespace tenure::storage {

std::shared_ptr<rocksdb::MemTableRepFactory> memtable_factory();

}  // namespace tenure::storage
