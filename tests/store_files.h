// The files of a store that is closed, for tests that damage them.
#pragma once

#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "storage/rocks/open_options.h"
#include "tests/catch.h"

namespace tenure::testing {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
inline void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

// The names of the tables of one kind of content ("log", "views", …), by where their keys begin.
inline std::vector<std::string> tables_of(const std::string& folder, const std::string& family) {
  const storage::SharedMemory memory = storage::shared_memory(1 << 20, 1 << 20);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  REQUIRE(rocksdb::DB::OpenForReadOnly({}, folder, storage::column_families(memory), &handles, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  for (auto* handle : handles) REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.smallestkey < b.smallestkey; });
  std::vector<std::string> names;
  for (const auto& file : files) {
    if (file.column_family_name == family) names.push_back(file.name.substr(1));
  }
  return names;
}

}  // namespace tenure::testing
