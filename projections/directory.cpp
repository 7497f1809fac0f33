#include "projections/directory.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr OrgNumber no_org = 0;

std::string number_key(OrgNumber org, EntityKind kind, std::string_view name) {
  std::string key = row_key(org, Row::number);
  key += static_cast<char>(kind);
  key += name;
  return key;
}

std::string name_key(OrgNumber org, Number number) {
  std::string key = row_key(org, Row::name);
  put_u32(key, number);
  return key;
}

Failure broken_row(OrgNumber org, std::string_view what) {
  return fail(FailureCode::corruption, "the " + std::string(what) + " of organization " + std::to_string(org) +
                                           " cannot be read; run `tenure rebuild`");
}

}  // namespace

std::string OrgHead::encode() const {
  std::string out;
  put_varint(out, next_number);
  put_varint(out, version.value);
  put_varint(out, position.value);
  put_varint(out, newest_baseline.value);
  put_u64(out, static_cast<std::uint64_t>(newest_us));
  put_u64(out, static_cast<std::uint64_t>(earliest_us));
  out.append(reinterpret_cast<const char*>(chain.data()), chain.size());
  out += name;
  return out;
}

bool OrgHead::decode(std::string_view bytes, OrgHead& head) {
  Reader in{bytes};
  head.next_number = in.number();
  head.version = Version(in.varint());
  head.position = Position(in.varint());
  head.newest_baseline = Position(in.varint());
  if (!in.good || in.rest.size() < 16 + head.chain.size()) return false;
  head.newest_us = static_cast<std::int64_t>(take_u64(in.rest, 0));
  head.earliest_us = static_cast<std::int64_t>(take_u64(in.rest, 8));
  std::memcpy(head.chain.data(), in.rest.data() + 16, head.chain.size());
  head.name = std::string(in.rest.substr(16 + head.chain.size()));
  return true;
}

Outcome<OrgNumber> find_org(storage::ViewReader& views, const OrgId& org) {
  return find_number(views, no_org, EntityKind::org, org.text);
}

Outcome<std::optional<OrgHead>> read_head(storage::ViewReader& views, OrgNumber org) {
  std::string value;
  const auto found = views.get(row_key(org, Row::head), value);
  if (!found) return found.error();
  if (!*found) return std::optional<OrgHead>();
  OrgHead head;
  if (!OrgHead::decode(value, head)) return broken_row(org, "head");
  return std::optional<OrgHead>(std::move(head));
}

void write_head(ViewWriter& views, OrgNumber org, const OrgHead& head) {
  views.put(row_key(org, Row::head), head.encode());
}

Outcome<OrgPlace> place_of(storage::ViewReader& views, const OrgId& org) {
  OrgPlace place;
  place.head.name = org.text;
  const auto number = find_org(views, org);
  if (!number) return number.error();
  place.number = *number;
  if (place.number == 0) return place;
  auto head = read_head(views, place.number);
  if (!head) return head.error();
  if (*head) place.head = std::move(**head);
  return place;
}

Outcome<OrgNumber> make_org(ViewWriter& views, const OrgId& org) {
  auto directory = read_head(views, no_org);
  if (!directory) return directory.error();
  OrgHead head = directory->value_or(OrgHead{});
  const auto number = number_for(views, no_org, head, EntityKind::org, org.text);
  if (number) write_head(views, no_org, head);
  return number;
}

Outcome<Number> find_number(storage::ViewReader& views, OrgNumber org, EntityKind kind, std::string_view name) {
  std::string value;
  const auto found = views.get(number_key(org, kind, name), value);
  if (!found) return found.error();
  if (!*found) return Number{0};
  if (value.size() != 4) return broken_row(org, "directory");
  return take_u32(value, 0);
}

namespace {

// Of a name that has none.
Number make_number(OrgNumber org, OrgHead& head, EntityKind kind, std::string_view name, const auto& put) {
  const Number number = head.next_number++;
  std::string value;
  put_u32(value, number);
  put(number_key(org, kind, name), std::move(value));
  put(name_key(org, number), static_cast<char>(kind) + std::string(name));
  return number;
}
Number make_number(ViewWriter& views, OrgNumber org, OrgHead& head, EntityKind kind, std::string_view name) {
  return make_number(org, head, kind, name,
                     [&](std::string key, std::string value) { views.put(std::move(key), std::move(value)); });
}

}  // namespace

Outcome<Number> number_for(ViewWriter& views, OrgNumber org, OrgHead& head, EntityKind kind, std::string_view name) {
  const auto known = find_number(views, org, kind, name);
  return !known || *known != 0 ? known : make_number(views, org, head, kind, name);
}

Outcome<NamedEntity> name_of(storage::ViewReader& views, OrgNumber org, Number number) {
  std::string value;
  const auto found = views.get(name_key(org, number), value);
  if (!found) return found.error();
  if (!*found || value.empty()) return broken_row(org, "name of number " + std::to_string(number));
  return NamedEntity{static_cast<EntityKind>(value.front()), value.substr(1)};
}

std::string member_name(const SubjectId& subject) {
  return {reinterpret_cast<const char*>(subject.bytes.data()), subject.bytes.size()};
}

SubjectId subject_of(std::string_view name) {
  SubjectId subject;
  if (name.size() == subject.bytes.size()) std::memcpy(subject.bytes.data(), name.data(), name.size());
  return subject;
}

Outcome<OrgNumber> DirectoryCache::org(storage::ViewReader& views, const OrgId& org) {
  return number(views, no_org, EntityKind::org, org.text);
}

namespace {

// A name as the directory's rows have it, put together where no memory has to be found for it.
class ShortKey {
 public:
  ShortKey(OrgNumber org, EntityKind kind, std::string_view name) {
    constexpr std::size_t head = sizeof org + 1;
    if (head + name.size() > sizeof bytes_) {
      long_ = number_key(org, kind, name);
      return;
    }
    std::memcpy(bytes_, &org, sizeof org);
    bytes_[sizeof org] = static_cast<char>(kind);
    if (!name.empty()) std::memcpy(bytes_ + head, name.data(), name.size());
    size_ = head + name.size();
  }
  std::string_view text() const { return size_ == 0 ? std::string_view(long_) : std::string_view(bytes_, size_); }

 private:
  char bytes_[96];
  std::size_t size_ = 0;
  std::string long_;
};

}  // namespace

const DirectoryCache::Kept* DirectoryCache::kept(OrgNumber org, EntityKind kind, std::string_view name) const {
  if (MemberKey key{org, {}}; kind == EntityKind::member && name.size() == sizeof key.subject) {
    std::memcpy(key.subject.data(), name.data(), name.size());
    const auto it = members_.find(key);
    return it == members_.end() ? nullptr : &it->second;
  }
  const auto it = numbers_.find(ShortKey(org, kind, name).text());
  return it == numbers_.end() ? nullptr : &it->second;
}

void DirectoryCache::keep(OrgNumber org, EntityKind kind, std::string_view name, Number number, Number none_below) {
  const auto note = [&](Kept& kept) {
    if (number != 0) {
      kept.number = number;
    } else {
      kept.none_below = std::max(kept.none_below, none_below);
    }
  };
  if (MemberKey key{org, {}}; kind == EntityKind::member && name.size() == sizeof key.subject) {
    std::memcpy(key.subject.data(), name.data(), name.size());
    if (members_.size() >= entries_max) {
      members_.clear();
      whole_ = false;
    }
    return note(members_[key]);
  }
  if (numbers_.size() >= entries_max) {
    numbers_.clear();
    whole_ = false;
  }
  note(numbers_[std::string(ShortKey(org, kind, name).text())]);
}

Outcome<Number> DirectoryCache::number(storage::ViewReader& views, OrgNumber org, EntityKind kind,
                                       std::string_view name, Number next) {
  {
    const std::shared_lock lock(mutex_);
    const Kept* known = kept(org, kind, name);
    if (known && (known->number != 0 || (next != 0 && next <= known->none_below))) return known->number;
  }
  const auto found = find_number(views, org, kind, name);
  if (!found || (*found == 0 && next == 0)) return found;
  const std::unique_lock lock(mutex_);
  keep(org, kind, name, *found, next);
  return found;
}

Outcome<Number> DirectoryCache::number_or_make(ViewWriter& views, OrgNumber org, OrgHead& head, EntityKind kind,
                                               std::string_view name) {
  if (!whole_) {
    const auto known = number(views, org, kind, name, head.next_number);
    return !known || *known != 0 ? known : make_number(views, org, head, kind, name);
  }
  if (const Kept* known = kept(org, kind, name)) return known->number;
  const Number made = make_number(org, head, kind, name, [&](std::string key, std::string value) {
    views.put_new(std::move(key), std::move(value));
  });
  keep(org, kind, name, made, 0);
  return made;
}

Outcome<NamedEntity> DirectoryCache::name(storage::ViewReader& views, OrgNumber org, Number number) {
  const std::uint64_t key = static_cast<std::uint64_t>(org) << 32 | number;
  {
    const std::shared_lock lock(mutex_);
    if (const auto it = names_.find(key); it != names_.end()) return it->second;
  }
  auto found = name_of(views, org, number);
  if (!found) return found;
  const std::unique_lock lock(mutex_);
  if (names_.size() >= entries_max) names_.clear();
  names_.emplace(key, *found);
  return found;
}

void DirectoryCache::forget() {
  const std::unique_lock lock(mutex_);
  members_.clear();
  numbers_.clear();
  names_.clear();
  whole_ = false;
}

}  // namespace tenure::projections
