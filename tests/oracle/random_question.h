// Random questions about a random history, and what the naive fold answers, both as JSON, so that they can be compared
// and printed. Pure functions of the generator's state; one thread a generator.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tests/oracle/naive_fold.h"
#include "tests/oracle/random_history.h"

namespace tenure::oracle {

// One question. `asked` has what a question of that kind takes, and always "known_position" (first_position - 1:
// nothing was known yet). About one instant: "at_us". Over a range: "from_us" and "to_us", or for a day also "on" and
// "tz".
//   who_can            permission, level?, resource?, explain?
//   can                the same and member
//   who_can_over       permission, level?, resource?
//   members invitations groups roles
//   member             member
//   group_members      group
//   diff               member?, permission?, over a range
//   diff_known         the same at an instant, and "known_from"
//   findings           pending_days, within_minutes, and from whoever asks "raising": the roles, by model, whose
//   holders
//                      can raise themselves alone; "kind": "judgement_changed"?; never asked by chance
//   touch              member, event (a position): what that event did to that member
struct Question {
  std::string kind;
  nlohmann::json asked;
};
Question random_question(std::mt19937_64& random, const RandomHistory& history);
// Only of that kind.
Question random_question(std::mt19937_64& random, const RandomHistory& history, const std::string& kind);

// The oracle's answer in one plain form, always with "before_history":
//   who_can        "rows": {identity: {"level", "reach", "paths"?}}
//   can            "row": {"level", "reach", "paths"?} or null, and then "denied": [every true reason]
//   who_can_over   "rows": {identity: {"level", "reach", "intervals": [{"from_us", "to_us" or null, "level", "openers",
//                  "closers"}]}}; any of the openers may be named as the event that opened it
//   members        "rows": {identity: {"status", "role", "groups", "since_us", "found_so"}}
//   member         "status"
//   invitations    "rows": {identity: {"role", "groups", "since_us", "found_so"}}
//   groups         "rows": {group: {"parent", "role", "members", "since_us", "found_so"}}
//   group_members  "rows": {identity: {"since_us", "found_so"}}
//   roles          "rows": {role: {"kind", "grants"}}
//   diff           "cells": {member: {permission: {resource: {"before", "after": {"level", "reach"} or null,
//   "causes"}}}}
//                  of all there are; the resource is "" for on at least one, "kind:*" for every one
//   findings       "rows": {what is found: {"since_us", "opened_by"}}, "closed": [ids of findings]
// A question about a level that no model of its time has is refused: "refused": "unknown_level" and nothing else.
// A path is {"kind", "level", "reach", "ways": [[positions]], "defined_by"}. Before history `rows` is empty and `row`
// null.
nlohmann::json answer(const NaiveFold& oracle, const Question& question);

}  // namespace tenure::oracle
