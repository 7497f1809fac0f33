// Since when something has stood without a break, of many members at once. It goes back from instant to instant at
// which it may have turned for one of them, then from event to event of the first one, and asks at each once for all
// who hold the same.
//
// One thread; failures stick in the facts. Complexity: for each member the events that bear on them and the turns; for
// each instant at which it may have turned, and each event of the first one, one state of the organization, and an
// answer for each that members hold.
#pragma once

#include <map>
#include <unordered_map>

#include "projections/findings_parts.h"
#include "projections/spans.h"

namespace tenure::projections {

// By what it stands for a member: a number of whoever asks.
using StandsBy = std::size_t;

class StoodTogether {
 public:
  // At one point: by what it stands for a member, if it does: by the same as later, if that can be. The same answer for
  // all who hold the same, owners left aside.
  using Stands = std::function<std::optional<StandsBy>(Number member, StandsBy later)>;
  // Something turned that bears on members by none of their links: on those who have the role that it is of, on those
  // for whom it stands by something that this role bears on, and on all where it is of none.
  struct Turn {
    Point at;
    Number of = 0;
  };
  struct What {
    std::function<Stands(Access& then)> stands;  // under the model of that point; asked while `then` is there
    std::vector<Turn> turns;                     // in any order
    std::function<bool(Number of, StandsBy by)> bears = {};
  };
  struct Member {
    Number number = 0;
    StandsBy by = 0;
  };

  StoodTogether(const Looking& looking, What what);

  // The event since which it has stood for each of them, in their order. What happens within an instant counts by its
  // result.
  std::vector<Point> since(const std::vector<Member>& members);

 private:
  // How far back it has stood for somebody, and what they are there.
  struct Stretch {
    StandsBy by = 0;
    Number role = 0;               // their own, when it was asked last
    std::size_t next_bearing = 0;  // of what bears on them, the newest before the stretch
    std::size_t next_turn = 0;     // of the turns, too,
    std::size_t next_look = 0;     // and the first of which it is not known that it does not bear on them as they are
    std::optional<std::size_t> held;  // what they hold, as a number; nothing where that may have turned
  };
  // Somebody who is followed.
  struct Walk {
    Number member = 0;
    std::size_t place = 0;              // of the answer
    std::vector<BearingEvent> bearing;  // the newest first
    Stretch so_far;
    Stretch after_first;  // as it was before the first instant was taken in
    Point first;          // of the stretch: an instant (position 0) or an event
  };
  using Walks = std::map<Point, std::vector<Walk*>, std::greater<>>;  // by where they are, the newest first
  // Back by whole instants; or by the events of each one's first instant.
  enum class Steps : std::uint8_t { instants, events };

  void follow(std::vector<Walk>& walks, std::vector<Point>& since);
  void go_back(const std::vector<Walk*>& walks, Steps steps);
  // Back to the next instant or event at which it may have turned for somebody; false if there is none, or no other of
  // its instant before it.
  bool step(Walk& walk, Steps steps);
  bool more_of_instant(const Walk& walk) const;
  bool bears_on(const Turn& turn, const Stretch& so_far) const;
  // For whom it stood just before that too goes on.
  void try_before(Point first, const std::vector<Walk*>& walks, Walks& next, Steps steps);
  // All that an answer may rest on and that differs from member to member, as a number. Between two events that bear on
  // links it is the same: that what a link leads to comes to be there is so for all who have it.
  std::size_t held(Access& then, Walk& walk);

  const Looking& looking_;
  Facts& facts_;
  What what_;
  std::unordered_map<std::string, std::size_t> holdings_;
};

}  // namespace tenure::projections
