#include "storage/rocks/kept_rows.h"

#include <rocksdb/write_batch.h>

#include <memory>

#include "storage/rocks/format.h"
#include "storage/rocks/open_options.h"

namespace tenure::storage {

rocksdb::Status put_aside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta, const std::vector<ViewWrite>& kept) {
  if (kept.empty()) return {};
  rocksdb::WriteBatch aside;
  rocksdb::Status status;
  for (auto row = kept.begin(); status.ok() && row != kept.end(); ++row) {
    if (row->value) status = aside.Put(meta, std::string(meta_kept) + row->key, *row->value);
  }
  return status.ok() ? db.Write(synced_write(), &aside) : status;
}

rocksdb::Status put_back(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta, rocksdb::ColumnFamilyHandle* views) {
  rocksdb::WriteBatch back;
  rocksdb::Status status;
  const rocksdb::Slice prefix(meta_kept.data(), meta_kept.size());
  const std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator(checked_read(), meta));
  for (rows->Seek(prefix); status.ok() && rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
    rocksdb::Slice key = rows->key();
    status = back.Delete(meta, key);
    key.remove_prefix(prefix.size());
    if (status.ok()) status = back.Put(views, key, rows->value());
  }
  if (status.ok()) status = rows->status();
  return status.ok() && back.Count() > 0 ? db.Write(synced_write(), &back) : status;
}

}  // namespace tenure::storage
