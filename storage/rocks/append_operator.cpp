#include "storage/rocks/append_operator.h"

#include <numeric>
#include <string>

namespace tenure::storage {

namespace {

class Append final : public rocksdb::MergeOperator {
 public:
  // What the tables name; FORMAT.md.
  const char* Name() const override { return "tenure.append"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::string& value = out->new_value;
    value.clear();
    value.reserve(std::accumulate(in.operand_list.begin(), in.operand_list.end(),
                                  in.existing_value ? in.existing_value->size() : 0,
                                  [](std::size_t sum, const rocksdb::Slice& added) { return sum + added.size(); }));
    if (in.existing_value) value.append(in.existing_value->data(), in.existing_value->size());
    for (const rocksdb::Slice& added : in.operand_list) value.append(added.data(), added.size());
    return true;
  }

  bool PartialMergeMulti(const rocksdb::Slice&, const std::deque<rocksdb::Slice>& all, std::string* value,
                         rocksdb::Logger*) const override {
    value->clear();
    for (const rocksdb::Slice& added : all) value->append(added.data(), added.size());
    return true;
  }
};

}  // namespace

std::shared_ptr<rocksdb::MergeOperator> append_operator() { return std::make_shared<Append>(); }

}  // namespace tenure::storage
