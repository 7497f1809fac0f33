#include "storage/rocks/bulk_file.h"

#include <rocksdb/sst_file_writer.h>

namespace tenure::storage {

namespace {

constexpr const char* bulk_file = "/views.bulk";  // while it is written

}  // namespace

rocksdb::Status BulkFile::drop(rocksdb::Env& env, const std::string& folder) {
  const auto there = env.FileExists(folder + bulk_file);
  if (there.IsNotFound()) return {};
  return there.ok() ? env.DeleteFile(folder + bulk_file) : there;
}

rocksdb::Status BulkFile::write(rocksdb::ColumnFamilyHandle* views_family, const BulkViews& views) const {
  const rocksdb::Options options(durable_options(env_, memory_), point_family(memory_));
  rocksdb::SstFileWriter file(rocksdb::EnvOptions(options), options, views_family, /*invalidate_page_cache=*/false);
  auto status = file.Open(folder_ + bulk_file);
  views.each([&](const ViewWrites::Write& view) {
    if (!status.ok()) return;
    if (view.appends) {
      status = file.Merge(view.key, *view.value);
    } else {
      status = view.value ? file.Put(view.key, *view.value) : file.Delete(view.key);
    }
  });
  return status.ok() ? file.Finish() : status;  // synced
}

rocksdb::Status BulkFile::add(rocksdb::ColumnFamilyHandle* views_family, const BulkViews& views) const {
  auto status = drop(*env_, folder_);
  if (status.ok()) status = write(views_family, views);
  if (status.ok()) {
    rocksdb::IngestExternalFileOptions how;
    how.move_files = true;
    how.write_global_seqno = false;  // the manifest has it
    status = db_.IngestExternalFile(views_family, {folder_ + bulk_file}, how);
  }
  const auto dropped = drop(*env_, folder_);
  return status.ok() ? dropped : status;
}

}  // namespace tenure::storage
