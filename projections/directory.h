// Who is numbered how: names to numbers and back, within an organization, and the organizations themselves.
//
// Numbers are given in the order of the log. A name keeps its number for ever, so what was read once may be
// kept: `DirectoryCache` does, for readers on any thread.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "projections/layout.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// Where an organization stands; one row, rewritten with each of its records.
struct OrgHead {
  std::string name;
  Number next_number = 1;
  Version version;
  Position position;                                                    // of its newest record
  Position newest_baseline;                                             // 0: nothing was ever found so (baselines.h)
  std::int64_t newest_us = std::numeric_limits<std::int64_t>::min();    // newest occurred_at so far
  std::int64_t earliest_us = std::numeric_limits<std::int64_t>::max();  // history_from
  Digest chain{};                                                       // SHA-256 of its newest record

  std::string encode() const;
  static bool decode(std::string_view bytes, OrgHead& head);
};

// 0 when the organization is not known.
Outcome<OrgNumber> find_org(storage::ViewReader& views, const OrgId& org);
Outcome<std::optional<OrgHead>> read_head(storage::ViewReader& views, OrgNumber org);
void write_head(ViewWriter& views, OrgNumber org, const OrgHead& head);
// An organization in the hand of who folds its events: the head is written once for all of them.
struct OrgPlace {
  OrgNumber number = 0;  // 0: nothing of it was folded yet
  OrgHead head;
};
Outcome<OrgPlace> place_of(storage::ViewReader& views, const OrgId& org);
// The number of a new organization; its head is written by the caller.
Outcome<OrgNumber> make_org(ViewWriter& views, const OrgId& org);

// 0 when the name is not known.
Outcome<Number> find_number(storage::ViewReader& views, OrgNumber org, EntityKind kind, std::string_view name);
// The name's number, made if it is new (from head.next_number).
Outcome<Number> number_for(ViewWriter& views, OrgNumber org, OrgHead& head, EntityKind kind, std::string_view name);

struct NamedEntity {
  EntityKind kind = EntityKind::org;
  std::string name;
};
Outcome<NamedEntity> name_of(storage::ViewReader& views, OrgNumber org, Number number);

// A subject as the name of a member entity, and back.
std::string member_name(const SubjectId& subject);
SubjectId subject_of(std::string_view name);

// Keeps what never changes: a name's number, and that there was none when the organization's next number was so and so,
// since a new name takes that. Bounded (entries_max); emptied when full. Any thread.
class DirectoryCache {
 public:
  static constexpr std::size_t entries_max = 400'000;

  Outcome<OrgNumber> org(storage::ViewReader& views, const OrgId& org);
  // `next`: the organization's next number in these views (OrgHead), or 0 if that is not known.
  Outcome<Number> number(storage::ViewReader& views, OrgNumber org, EntityKind kind, std::string_view name,
                         Number next = 0);
  Outcome<NamedEntity> name(storage::ViewReader& views, OrgNumber org, Number number);
  void forget();

  // For the one thread that writes views which have no name yet, and has this cache for itself: names within
  // organizations are all made through `number_or_make`, so what is not kept is new and is not looked for in the views,
  // until the cache was emptied.
  void begin_without_names() { whole_ = true; }
  // The name's number, made if it is new (from head.next_number).
  Outcome<Number> number_or_make(ViewWriter& views, OrgNumber org, OrgHead& head, EntityKind kind,
                                 std::string_view name);

 private:
  struct Kept {
    Number number = 0;
    Number none_below = 0;  // where number is 0: none of the numbers below this one is the name's
  };

  // Members are most of all names, and are named by 16 bytes: those stand in the table itself.
  struct MemberKey {
    OrgNumber org = 0;
    std::array<std::uint64_t, 2> subject{};
    bool operator==(const MemberKey&) const = default;
  };
  struct MemberHash {
    std::size_t operator()(const MemberKey& key) const { return key.subject[0] ^ key.org; }
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  // What is kept of a name; null if nothing is. Under the lock.
  const Kept* kept(OrgNumber org, EntityKind kind, std::string_view name) const;
  void keep(OrgNumber org, EntityKind kind, std::string_view name, Number number, Number none_below);

  std::shared_mutex mutex_;
  bool whole_ = false;  // every name within an organization is kept
  boost::unordered_flat_map<MemberKey, Kept, MemberHash> members_;
  boost::unordered_flat_map<std::string, Kept, TextHash, std::equal_to<>> numbers_;
  boost::unordered_flat_map<std::uint64_t, NamedEntity> names_;
};

}  // namespace tenure::projections
