#include "storage/rocks/memtable.h"

#include <rocksdb/version.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace tenure::storage {

namespace {

constexpr int height_max = 12;  // with a quarter of the nodes on each next level, 4^12 entries

// The user's key, and RocksDB's number of the write with its kind.
struct Key {
  const char* bytes;
  std::size_t size;
  std::uint64_t tag;
};

static_assert(std::endian::native == std::endian::little);  // as RocksDB writes the tag

Key key_of(const rocksdb::Slice& internal) {
  Key key{internal.data(), internal.size() - sizeof key.tag, 0};
  std::memcpy(&key.tag, key.bytes + key.size, sizeof key.tag);
  return key;
}

// As it stands in the list: its length as a varint before it.
Key key_at(const char* entry) {
  std::uint32_t size = static_cast<std::uint8_t>(*entry++);
  if (size >= 0x80) {
    size &= 0x7f;
    for (int shift = 7;; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*entry++);
      size |= (byte & 0x7fU) << shift;
      if (byte < 0x80) break;
    }
  }
  return key_of({entry, size});
}

// Below, at or above zero as `a` stands before, at or behind `b`.
int order_of(const Key& a, const Key& b) {
  const int order = std::memcmp(a.bytes, b.bytes, std::min(a.size, b.size));
  if (order != 0) return order;
  if (a.size != b.size) return a.size < b.size ? -1 : 1;
  return a.tag == b.tag ? 0 : a.tag > b.tag ? -1 : 1;
}

// A node's links follow it in memory, and its entry follows them.
class Node {
 public:
  static std::size_t bytes_before_entry(int height) {
    return sizeof(Node) + static_cast<std::size_t>(height) * sizeof(Link);
  }
  // `memory` is aligned and large enough.
  static Node* make(char* memory, int height) {
    Node* node = new (memory) Node(height);
    for (int level = 0; level < height; ++level) new (node->links() + level) Link(nullptr);
    return node;
  }

  int height() const { return static_cast<int>(height_); }
  char* entry() { return reinterpret_cast<char*>(links() + height_); }
  const char* entry() const { return const_cast<Node*>(this)->entry(); }
  // What is reached by a link is whole.
  Node* next(int level) const { return const_cast<Node*>(this)->links()[level].load(std::memory_order_acquire); }
  void link(int level, Node* to) { links()[level].store(to, std::memory_order_release); }

 private:
  using Link = std::atomic<Node*>;
  explicit Node(int height) : height_(static_cast<std::uint64_t>(height)) {}
  Link* links() { return reinterpret_cast<Link*>(this + 1); }

  std::uint64_t height_;
};

// Places in memory that may be taken and given back by any thread, as many as were ever taken at once.
class Places {
 public:
  static constexpr std::size_t bytes = 64;

  void* take() {
    const std::lock_guard lock(guard_);
    if (free_.empty()) return &all_.emplace_back();
    void* place = free_.back();
    free_.pop_back();
    return place;
  }
  void give_back(void* place) {
    const std::lock_guard lock(guard_);
    free_.push_back(place);
  }

 private:
  struct alignas(std::max_align_t) Place {
    std::array<std::byte, bytes> room;
  };
  std::mutex guard_;
  std::deque<Place> all_;
  std::vector<void*> free_;
};

class SkipList final : public rocksdb::MemTableRep {
 public:
  explicit SkipList(rocksdb::Allocator* allocator) : MemTableRep(allocator), head_(make_node(height_max, 0)) {
    last_before_.fill(head_);
  }

  rocksdb::KeyHandle Allocate(std::size_t size, char** entry) override {
    Node* node = make_node(random_height(), size);
    *entry = node->entry();
    return node;
  }
  void Insert(rocksdb::KeyHandle handle) override { (void)InsertKey(handle); }
  bool InsertKey(rocksdb::KeyHandle handle) override;
  bool Contains(const char* entry) const override {
    const Key key = key_at(entry);
    const Node* found = first_from(key);
    return found && order_of(key_at(found->entry()), key) == 0;
  }
  std::size_t ApproximateMemoryUsage() override { return 0; }  // beside the arena's
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;
  void Get(const rocksdb::LookupKey& key, void* state, bool (*entry)(void*, const char*)) override;

 private:
  class Walk;
  class WalkInPlace;

  Node* make_node(int height, std::size_t entry_bytes);
  int random_height();
  void find_place(const Key& key);

  // How each reader goes down: on every level as far as nodes `stand_before`. The last of those nodes and the one that
  // follows it, as they were seen together: what is put between them meanwhile is not looked at.
  struct Gap {
    const Node* before;
    const Node* after;
  };
  template <class StandsBefore>
  Gap gap(const StandsBefore& stands_before) const;

  const Node* first_from(const Key& key) const {
    return gap([&](const Node& node) { return order_of(key_at(node.entry()), key) < 0; }).after;
  }
  const Node* first() const { return head_->next(0); }
  // Null where there is none.
  const Node* last() const {
    return unless_head(gap([](const Node&) { return true; }).before);
  }
  const Node* last_below(const Key& key) const {
    return unless_head(gap([&](const Node& node) { return order_of(key_at(node.entry()), key) < 0; }).before);
  }
  const Node* last_up_to(const Key& key) const {
    return unless_head(gap([&](const Node& node) { return order_of(key_at(node.entry()), key) <= 0; }).before);
  }
  const Node* unless_head(const Node* node) const { return node == head_ ? nullptr : node; }
  bool stands_before(const Node* node, const Key& key) const {
    return node == head_ || order_of(key_at(node->entry()), key) < 0;
  }

  Node* const head_;
  std::atomic<int> height_{1};  // levels in use
  // The writer's: on each level the last node at or before what was inserted last.
  std::array<Node*, height_max> last_before_;
  std::uint64_t random_ = 0x9E3779B97F4A7C15ULL;
  Places places_;
};

Node* SkipList::make_node(int height, std::size_t entry_bytes) {
  char* memory = nullptr;
  constexpr std::size_t slack = alignof(Node) - 1;  // the arena aligns nothing
  MemTableRep::Allocate(slack + Node::bytes_before_entry(height) + entry_bytes, &memory);
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return Node::make(memory + ((alignof(Node) - address % alignof(Node)) % alignof(Node)), height);
}

// Each level with a quarter of the level below (xorshift: Marsaglia, "Xorshift RNGs", 2003).
int SkipList::random_height() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return std::min(height_max, 1 + std::countr_zero(random_) / 2);
}

// Moves `last_before_` to a key. Batches come sorted, and logs rise: the place is most often near the last one, so the
// search goes up from there only as far as it must, and down again.
void SkipList::find_place(const Key& key) {
  const int levels = height_.load(std::memory_order_relaxed);
  int level = 0;
  Node* at = nullptr;
  if (stands_before(last_before_[0], key)) {
    for (; level < levels; ++level) {
      const Node* next = last_before_[level]->next(level);
      if (!next || !stands_before(next, key)) break;
    }
    if (level == 0) return;
    at = last_before_[level - 1];
  } else {
    while (level < levels && !stands_before(last_before_[level], key)) ++level;
    at = level < levels ? last_before_[level] : head_;
  }
  // From here up it is right already.
  const Node* behind = level < levels ? last_before_[level]->next(level) : nullptr;
  while (level-- > 0) {
    Node* next = at->next(level);
    for (; next && next != behind && stands_before(next, key); next = at->next(level)) at = next;
    behind = next;
    last_before_[level] = at;
  }
}

bool SkipList::InsertKey(rocksdb::KeyHandle handle) {
  Node* const node = static_cast<Node*>(handle);
  const Key key = key_at(node->entry());
  find_place(key);
  const Node* next = last_before_[0]->next(0);
  if (next && order_of(key_at(next->entry()), key) == 0) return false;
  if (node->height() > height_.load(std::memory_order_relaxed))
    height_.store(node->height(), std::memory_order_relaxed);  // a reader that sees it early finds nothing up there
  for (int level = 0; level < node->height(); ++level) {
    Node*& before = last_before_[static_cast<std::size_t>(level)];
    node->link(level, before->next(level));
    before->link(level, node);
    before = node;
  }
  return true;
}

template <class StandsBefore>
SkipList::Gap SkipList::gap(const StandsBefore& stands_before) const {
  const Node* at = head_;
  const Node* behind = nullptr;  // was found not to stand before
  for (int level = height_.load(std::memory_order_relaxed) - 1;;) {
    const Node* next = at->next(level);
    if (next && next != behind && stands_before(*next)) {
      at = next;
      continue;
    }
    if (level-- == 0) return {at, next};
    behind = next;
  }
}

class SkipList::Walk : public rocksdb::MemTableRep::Iterator {
 public:
  explicit Walk(const SkipList& list) : list_(list) {}
  bool Valid() const override { return at_ != nullptr; }
  const char* key() const override { return at_->entry(); }
  void Next() override { at_ = at_->next(0); }
  void Prev() override { at_ = list_.last_below(key_at(at_->entry())); }
  void Seek(const rocksdb::Slice& internal_key, const char* entry) override {
    at_ = list_.first_from(wanted(internal_key, entry));
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char* entry) override {
    at_ = list_.last_up_to(wanted(internal_key, entry));
  }
  void SeekToFirst() override { at_ = list_.first(); }
  void SeekToLast() override { at_ = list_.last(); }

 private:
  static Key wanted(const rocksdb::Slice& internal_key, const char* entry) {
    return entry ? key_at(entry) : key_of(internal_key);
  }

  const SkipList& list_;
  const Node* at_ = nullptr;
};

// Gives a place back. As the first of several bases it does so when all else that stood there is gone.
class GivesBack {
 public:
  GivesBack(Places& places, void* place) : places_(places), place_(place) {}
  GivesBack(const GivesBack&) = delete;
  ~GivesBack() { places_.give_back(place_); }

 private:
  Places& places_;
  void* const place_;
};

// RocksDB ends an iterator that it asked to be in its arena, and does not free it. The arena's class is not among its
// headers, so such an iterator stands in a place of the list's own.
class SkipList::WalkInPlace final : GivesBack, public Walk {
 public:
  WalkInPlace(SkipList& list, void* place) : GivesBack(list.places_, place), Walk(list) {}
};

rocksdb::MemTableRep::Iterator* SkipList::GetIterator(rocksdb::Arena* arena) {
  static_assert(sizeof(WalkInPlace) <= Places::bytes);
  if (!arena) return new Walk(*this);
  void* place = places_.take();
  return new (place) WalkInPlace(*this, place);
}

// RocksDB's own Get asks for an iterator and never frees it, which its own lists are spared by a Get of theirs; and
// what is looked for is of a class that is not among its headers. So the lookup is left to it, with an iterator that
// lives on this stack. A version that frees it would be a crash in the first test of the store.
static_assert(ROCKSDB_MAJOR == 7 && ROCKSDB_MINOR == 8, "does MemTableRep::Get still not free its iterator?");

thread_local rocksdb::MemTableRep::Iterator* iterator_of_lookup = nullptr;

void SkipList::Get(const rocksdb::LookupKey& key, void* state, bool (*entry)(void*, const char*)) {
  Walk walk(*this);
  iterator_of_lookup = &walk;
  MemTableRep::Get(key, state, entry);
  iterator_of_lookup = nullptr;
}

rocksdb::MemTableRep::Iterator* SkipList::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  auto* const of_lookup = std::exchange(iterator_of_lookup, nullptr);
  return of_lookup ? of_lookup : GetIterator(arena);
}

class SkipListFactory final : public rocksdb::MemTableRepFactory {
 public:
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator&, rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform*, rocksdb::Logger*) override {
    return new SkipList(allocator);
  }
  const char* Name() const override { return "tenure.skip_list"; }
  bool CanHandleDuplicatedKey() const override { return true; }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> memtable_factory() { return std::make_shared<SkipListFactory>(); }

}  // namespace tenure::storage
