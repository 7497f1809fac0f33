// What a NaiveFold keeps, and the fold of it up to an instant as known at a position. Internal to the naive fold; one
// thread, like its owner.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

struct NaiveFold::Inside {
  std::vector<nlohmann::json> models;
  std::vector<std::string> versions;         // of the models, in the same order
  std::vector<Fact> facts;                   // in order of position
  std::map<std::string, std::string> shown;  // folded identity to the one first sent
  // Those that were asked for: what comes later changes none of them.
  mutable std::map<std::int64_t, NaiveVerdict> verdicts;

  void note_people(const nlohmann::json& event);
  std::size_t named_model(const nlohmann::json& data) const;
  // What was known, without what was retracted, in order of instant and position.
  std::vector<const Fact*> facts_known(std::int64_t known_position) const;
  // As just before a retraction, by what is known, but with what it turned as that was before (naive_rejudged.cpp).
  State before_retraction(const Fact& retraction, std::vector<const Fact*> known) const;
  // The state before anything happened: its model is that of the first creation among the facts.
  State beginning(const std::vector<const Fact*>& known) const;
  State state(std::int64_t at_us, std::int64_t known_position) const;
  // The models in force at some instant of [from, to), the newest first; one may stand twice.
  std::vector<const nlohmann::json*> models_over(std::int64_t from_us, std::int64_t to_us,
                                                 std::int64_t known_position) const;
  // Whether the event at a position tells what was found so (basis baseline).
  bool found_so(std::int64_t position) const;
  // Whether something that a person may have something by was found so later, since nobody knows when
  // (naive_found.cpp).
  bool found_later(const std::string& member, std::int64_t at_us, std::int64_t known_position) const;

 private:
  void note_person(const std::string& identity);
};

// Every single resource that some event names.
std::set<std::string> resources_in(const std::vector<Fact>& facts);
// Whether an event reaches a group or a role through other groups and roles, so that somebody in the group, or anybody,
// holds something else after it (naive_reaching.cpp).
bool reaches(const State& before, const State& after, const Fact& fact, const NaiveFold::Thing& thing,
             const std::map<std::string, std::string>& people, const std::set<std::string>& resources);

}  // namespace tenure::oracle
