// A team on one of the shipped models as Tenure watches it: events in, verdicts out, and who may do what afterwards.
//
// Recorder, store and projections are the real ones, over memory; the clock is the test's. Every event happens one
// minute after the one before it, the first on 1 January 2024, 09:00 UTC. One thread. Throws std::runtime_error where
// an event is refused for any other reason than the model's rules.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/model/access_model.h"
#include "events/record.h"

namespace tenure::testing {

// The shipped model of that id.
const AccessModel& shipped_model(std::string_view id);
// The permission of that name, in that module where the name stands in several; throws where there is none.
PermissionIndex permission_named(const AccessModel& model, std::string_view name, std::string_view module = {});

// What became of an event.
struct Became {
  VerdictResult result = VerdictResult::unspecified;
  std::string rule;
  std::string because;
  bool recorded = true;  // false: mode enforce refused it
};

class WatchedTeam {
 public:
  // The organization's owner, with the model's owner role, is "oda".
  explicit WatchedTeam(std::string_view model, Mode mode = Mode::observe);
  ~WatchedTeam();
  WatchedTeam(const WatchedTeam&) = delete;

  // What a member did; `data` is JSON as a client sends it.
  Became by(const std::string& member, const std::string& type, const std::string& data);
  Became by(ActorKind kind, const std::string& id, const std::string& type, const std::string& data);

  // Somebody is in the team with that role, as a system reports it.
  WatchedTeam& with(const std::string& member, const std::string& role);

  // What the member holds now: the level's name; the scale's first one for none.
  std::string level(const std::string& member, const std::string& permission,
                    const std::optional<std::string>& resource = {});
  std::string level(const std::string& member, PermissionIndex permission,
                    const std::optional<std::string>& resource = {});
  // The same at an earlier moment: after the event with that number, the creation being number 1.
  std::string level_after(std::size_t event, const std::string& member, const std::string& permission,
                          const std::optional<std::string>& resource = {});
  std::string denied_because(const std::string& member, const std::string& permission,
                             const std::optional<std::string>& resource = {});
  // Everyone who has any access, sorted.
  std::vector<std::string> who_can(const std::string& permission, const std::optional<std::string>& resource = {});
  // The member's direct role now; empty for none.
  std::string role(const std::string& member);
  bool is_disabled(const std::string& member);
  // How many events have been sent.
  std::size_t events() const;

  const AccessModel& model() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::testing
