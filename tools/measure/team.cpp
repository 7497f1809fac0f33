#include "tools/measure/team.h"

#include <fmt/core.h>

#include <iterator>

namespace tenure::bench {
namespace {

// The first members are owners and stay so: they are the actors.
constexpr std::uint64_t owners = 10;

std::string group(std::uint64_t number) { return fmt::format("team-{}", number); }

}  // namespace

Team::Team(std::uint64_t seed, std::size_t members, std::size_t groups, std::size_t repositories)
    : random_(seed),
      members_(members),
      groups_(groups),
      repositories_(repositories),
      is_owner_(members),
      in_group_(members * groups),
      holds_(members * repositories) {}

std::string Team::member(std::uint64_t number) const { return fmt::format("member-{}@acme.test", number); }

std::string Team::beginning() const {
  std::string lines;
  const std::string by = R"("actor":{"kind":"system","id":"bench"},"data":)";
  for (std::uint64_t i = 0; i < members_; ++i) {
    lines += fmt::format(R"({{"type":"member.added",{}{{"member":"{}","role":"{}"}}}})", by, member(i),
                         i < owners ? "owner" : "member") +
             "\n";
  }
  for (std::uint64_t i = 0; i < groups_; ++i) {
    lines += fmt::format(R"({{"type":"group.created",{}{{"group":"{}"}}}})", by, group(i)) + "\n";
  }
  return lines;
}

void Team::open(std::string_view type) {
  event_.clear();
  const std::uint64_t number = ++said_;
  fmt::format_to(std::back_inserter(event_), R"({{"id":"change-{}","type":"{}","actor":{{"kind":"member","id":"{}"}},)",
                 number, type, member(pick(owners)));
  // Every second change has a ticket, every fourth an approver and a reason.
  if (number % 2 == 0) fmt::format_to(std::back_inserter(event_), R"("ticket":"OPS-{}",)", number);
  if (number % 4 == 0) {
    fmt::format_to(std::back_inserter(event_),
                   R"("approved_by":{{"kind":"member","id":"{}"}},"reason":"asked for by the team lead, see ticket",)",
                   member(pick(owners)));
  }
  event_ += R"("data":{)";
}

void Team::close() { event_ += "}}"; }

const std::string& Team::next() {
  const std::uint64_t who = owners + pick(members_ - owners), kind = pick(10);
  const auto out = std::back_inserter(event_);
  if (kind < 4) {
    is_owner_[who] = !is_owner_[who];
    open("member.role_changed");
    fmt::format_to(out, R"("member":"{}","role":"{}")", member(who), is_owner_[who] ? "owner" : "member");
  } else if (kind < 8) {
    const std::uint64_t which = pick(groups_);
    const auto in = in_group_[who * groups_ + which];
    open(in ? "group.member_removed" : "group.member_added");
    in_group_[who * groups_ + which] = !in;
    fmt::format_to(out, R"("group":"{}","member":"{}")", group(which), member(who));
  } else {
    const std::uint64_t which = pick(repositories_);
    const auto held = holds_[who * repositories_ + which];
    open(held ? "role.revoked" : "role.granted");
    holds_[who * repositories_ + which] = !held;
    fmt::format_to(out, R"("principal":"member:{}","role":"write","on":"repo:acme/repo-{}")", member(who), which);
  }
  close();
  return event_;
}

const std::string& Team::joining() {
  open("member.added");
  fmt::format_to(std::back_inserter(event_), R"("member":"newcomer-{}@acme.test","role":"member")", ++joined_);
  close();
  return event_;
}

}  // namespace tenure::bench
