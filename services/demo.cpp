#include "services/demo.h"

#include "events/wire/event_wire.h"

namespace tenure::services {

namespace {

// The ids make a second start add nothing.
constexpr std::string_view history = R"([
 {"id": "demo-2",
   "type": "member.added",
   "occurred_at": "2023-01-09T09:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "data": {"member": "ben@demo.test", "role": "member"}},
 {"id": "demo-3",
   "type": "member.added",
   "occurred_at": "2023-01-09T09:05:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "data": {"member": "cleo@demo.test", "role": "member"}},
 {"id": "demo-4",
   "type": "group.created",
   "occurred_at": "2023-01-10T10:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "data": {"group": "backend"}},
 {"id": "demo-5",
   "type": "role.granted",
   "occurred_at": "2023-01-10T10:01:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "data": {"principal": "group:backend", "role": "write", "on": "repo:demo/api"}},
 {"id": "demo-6",
   "type": "group.member_added",
   "occurred_at": "2023-02-01T08:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "reason": "joins the API rewrite",
   "data": {"group": "backend", "member": "ben@demo.test"}},
 {"id": "demo-7",
   "type": "role.granted",
   "occurred_at": "2023-06-15T12:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "approved_by": {"kind": "member", "id": "cleo@demo.test"},
   "reason": "release duty in June",
   "ticket": "OPS-17",
   "data": {"principal": "member:cleo@demo.test", "role": "maintain", "on": "repo:demo/api"}},
 {"id": "demo-8",
   "type": "role.revoked",
   "occurred_at": "2023-07-01T00:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "ticket": "OPS-17",
   "data": {"principal": "member:cleo@demo.test", "role": "maintain", "on": "repo:demo/api"}},
 {"id": "demo-9",
   "type": "member.removed",
   "occurred_at": "2024-03-31T17:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "reason": "left the company",
   "data": {"member": "ben@demo.test"}},
 {"id": "demo-10",
   "type": "member.invited",
   "occurred_at": "2024-04-02T09:00:00Z",
   "actor": {"kind": "member", "id": "ana@demo.test"},
   "data": {"member": "dmitri@demo.test", "role": "member", "groups": ["backend"]}}
])";

Outcome<bool> append(AppendQueue& appends, std::vector<Event> events) {
  AppendRequest request;
  request.org = OrgId("demo");
  request.by.channel = Channel::console;
  request.events = std::move(events);
  const auto result = appends.submit_and_wait(std::move(request));
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  if (const auto* refusals = std::get_if<Refusals>(&result)) {
    if (refusals->front().code == RefusalCode::already_exists) return false;
    return fail(FailureCode::io, "the demo organization was refused: " + refusals->front().because);
  }
  return true;
}

}  // namespace

Outcome<bool> make_demo(AppendQueue& appends) {
  Event first;
  first.id = EventId("demo-1");
  first.occurred_at = *parse_instant("2023-01-09T08:00:00Z");
  first.actor = {ActorKind::member, {"ana@demo.test", {}}};
  first.data = event::OrgCreated{ModelId("github"), std::nullopt, Mode::observe, Person{"ana@demo.test", {}}};
  if (auto made = append(appends, {first}); !made || !*made) return made;
  auto events = wire::read_events(history, false);
  if (!events) return fail(FailureCode::io, "the demo history cannot be read: " + events.error().front().because);
  return append(appends, std::move(*events));
}

}  // namespace tenure::services
