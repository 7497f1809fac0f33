#include "tools/measure/judged_team.h"

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "events/judge.h"
#include "events/people.h"
#include "events/wire/event_wire.h"
#include "projections/team_state.h"
#include "projections/view_writer.h"
#include "services/record/recorder.h"
#include "storage/memory/key_vault.h"
#include "storage/people.h"
#include "storage/rocks/store.h"

namespace tenure::bench {
namespace {

const OrgId org{"team"};
constexpr Instant created_at{1'704'067'200'000'000};  // 2024-01-01T00:00:00Z
constexpr std::size_t groups = 20, custom_roles = 10, resources = 100, batch = 500;

template <class T>
T must(Outcome<T> outcome) {
  if (!outcome) throw std::runtime_error("judge: " + outcome.error().because);
  return std::move(*outcome);
}

std::string member(std::size_t number) { return fmt::format("member-{:06}@acme.test", number); }

// What happens in the team, drawn from the model.
class Drawn {
 public:
  Drawn(const AccessModel& model, const JudgedTeamSize& size)
      : model_(model), random_(size.seed), members_(size.members) {
    for (const RoleRule& role : model.roles()) {
      if (role.available && role.member_role && role.cardinality != Cardinality::exactly_one) {
        own_roles_.push_back(role.id.text);
      }
      if (role.available && role.cardinality != Cardinality::exactly_one) roles_.push_back(role.id.text);
    }
    for (const ResourceKind& kind : model.resource_kinds()) {
      if (kinds_.size() < 2) kinds_.push_back(kind.id);
    }
  }

  // Everyone and everything there is, as events of a system's.
  std::vector<std::string> beginning() {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view type, const std::string& data) { lines.push_back(line("", type, data)); };
    for (std::size_t i = 0; model_.custom_roles() && i < custom_roles; ++i) {
      add("role.created", fmt::format(R"("role":"own-{}","name":"Own","based_on":"{}","grants":{{}})", i, own_role()));
    }
    for (std::size_t i = 0; i < members_; ++i) {
      const bool custom = model_.custom_roles() && pick(20) == 0;
      const std::string role = custom ? fmt::format("own-{}", pick(custom_roles)) : own_role();
      add("member.added", fmt::format(R"("member":"{}","role":"{}")", member(i), role));
    }
    for (std::size_t i = 0; i < groups; ++i) {
      add("group.created", fmt::format(R"("group":"group-{}","role":"{}")", i, own_role()));
    }
    for (const std::string& kind : kinds_) {
      for (std::size_t i = 0; i < resources; ++i) add("resource.added", fmt::format(R"("resource":"{}:{}")", kind, i));
    }
    for (std::size_t i = 0; i < members_; ++i) {
      add("group.member_added", fmt::format(R"("group":"group-{}","member":"{}")", pick(groups), member(i)));
      if (pick(100) == 0) add("member.disabled", fmt::format(R"("member":"{}")", member(i)));
      if (kinds_.empty()) continue;
      add("assignment.added", fmt::format(R"("member":"{}","resource":"{}")", member(i), resource()));
      if (pick(2) == 0) add("role.granted", granted(member(i)));
    }
    return lines;
  }

  // One of all that somebody can do to somebody.
  std::string next() {
    const std::string who = member(pick(members_)), to = pick(20) == 0 ? who : member(pick(members_));
    const std::string of = fmt::format(R"("member":"{}")", to);
    const std::string with_role = fmt::format(R"({},"role":"{}")", of, own_role());
    switch (pick(kinds_.empty() ? 12 : 15)) {
      case 0:
        return line(who, "member.invited",
                    fmt::format(R"("member":"new-{}@acme.test","role":"{}")", pick(50), own_role()));
      case 1:
      case 2:
        return line(who, "member.role_changed", with_role);
      case 3:
        return line(who, "member.removed", of);
      case 4:
        return line(who, "member.disabled", of);
      case 5:
        return line(who, "member.added", with_role);
      case 6:
        return line(who, "ownership.transferred", fmt::format(R"("from":"{}","to":"{}")", member(0), to));
      case 7:
        return line(who, "role.edited", fmt::format(R"("role":"own-{}","grants":{{}})", pick(custom_roles)));
      case 8:
        return line(who, "group.created", fmt::format(R"("group":"new","role":"{}")", own_role()));
      case 9:
        return line(who, "group.member_added", fmt::format(R"("group":"group-{}",{})", pick(groups), of));
      case 10:
        return line(who, "org.deleted", "");
      case 11:
        return line(who, "role.granted", fmt::format(R"("principal":"member:{}","role":"{}","on":"org")", to, role()));
      case 12:
        return line(who, "role.granted", granted(to));
      case 13:
        return line(who, "assignment.added", fmt::format(R"({},"resource":"{}")", of, resource()));
      default:
        return line(who, "resource.removed", fmt::format(R"("resource":"{}")", resource()));
    }
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string own_role() { return own_roles_[pick(own_roles_.size())]; }
  std::string role() { return roles_[pick(roles_.size())]; }
  std::string resource() { return fmt::format("{}:{}", kinds_[pick(kinds_.size())], pick(resources)); }
  std::string granted(const std::string& to) {
    return fmt::format(R"("principal":"member:{}","role":"{}","on":"{}")", to, role(), resource());
  }
  static std::string line(const std::string& who, std::string_view type, const std::string& data) {
    const std::string actor = who.empty() ? R"("kind":"system","id":"setup")" : R"("kind":"member","id":")" + who + '"';
    return fmt::format(R"({{"type":"{}","actor":{{{}}},"data":{{{}}}}})", type, actor, data);
  }

  const AccessModel& model_;
  std::mt19937_64 random_;
  std::size_t members_;
  std::vector<std::string> own_roles_, roles_, kinds_;
};

Event read(const std::string& line) {
  auto event = wire::read_event(line);
  if (!event) throw std::runtime_error("judge: " + event.error().because + " in " + line);
  return std::move(*event);
}

}  // namespace

struct JudgedTeam::Inside {
  Instant now = created_at;
  std::unique_ptr<storage::RocksStore> store;
  storage::People people{std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{}};
  projections::Models models;
  // The writer's own.
  projections::ViewWriter views;
  projections::DirectoryCache names;
  projections::HolderHints hints;
  projections::OrgNumber number = 0;
  std::vector<Event> events;
  std::vector<tenure::Verdict> verdicts;

  void record(services::Recorder& recorder, std::vector<Event> some) {
    now.us += 60'000'000;
    for (Event& event : some) event.occurred_at = now;
    services::AppendRequest request;
    request.org = org;
    request.events = std::move(some);
    std::vector<services::AppendRequest> requests;
    requests.push_back(std::move(request));
    const auto results = recorder.record(std::move(requests));
    if (!std::holds_alternative<services::AppendAnswer>(results.front())) {
      throw std::runtime_error("judge: the team was not recorded");
    }
  }

  void begin(const AccessModel& model, Drawn& drawn) {
    services::Recorder recorder(*store, people, models, [this] { return now; });
    Event created;
    created.actor = {ActorKind::system, {"setup", {}}};
    created.data = event::OrgCreated{model.id(), std::nullopt, Mode::observe, Person{member(0), {}}};
    record(recorder, {created});
    std::vector<Event> some;
    for (const std::string& line : drawn.beginning()) {
      some.push_back(read(line));
      if (some.size() < batch) continue;
      record(recorder, std::exchange(some, {}));
    }
    if (!some.empty()) record(recorder, std::move(some));
  }

  // As the recorder makes the people of an event known before it is judged.
  void resolve(Event& event) {
    event.occurred_at = Instant{now.us + 60'000'000};
    each_person(event,
                [&](Person& person) { person.subject = must(people.find_or_make(org, {person.identity})).front(); });
  }

  tenure::Verdict judge(const Event& event) {
    projections::Facts facts(views, names, models, number, projections::Point::end_of(*event.occurred_at));
    const auto model = facts.model_at(facts.at());
    const projections::FactsTeamState state(std::move(facts), model, &hints);
    tenure::Verdict verdict = tenure::judge(*model, event, state);
    if (state.failure()) throw std::runtime_error("judge: " + state.failure()->because);
    return verdict;
  }
};

JudgedTeam::JudgedTeam(const std::string& path, const ShippedModel& shipped, const JudgedTeamSize& size)
    : inside_(std::make_unique<Inside>()) {
  const auto model = AccessModel::parse(shipped.document);
  if (!model) throw std::runtime_error("judge: a shipped model is at fault");
  inside_->models.add(*model);
  inside_->store = must(storage::RocksStore::open(path));
  Drawn drawn(**model, size);
  inside_->begin(**model, drawn);
  inside_->views.stand_on(inside_->store->snapshot());
  inside_->number = must(projections::find_org(inside_->views, org));
  for (std::size_t i = 0; i < size.events; ++i) {
    Event event = read(drawn.next());
    inside_->resolve(event);
    inside_->verdicts.push_back(inside_->judge(event));
    inside_->events.push_back(std::move(event));
  }
}

JudgedTeam::~JudgedTeam() = default;

tenure::Verdict JudgedTeam::judge(std::size_t event) const { return inside_->judge(inside_->events[event]); }

const tenure::Verdict& JudgedTeam::expected(std::size_t event) const { return inside_->verdicts[event]; }

std::string JudgedTeam::verdicts() const {
  const auto count = [&](VerdictResult result) {
    return std::count_if(inside_->verdicts.begin(), inside_->verdicts.end(),
                         [&](const tenure::Verdict& verdict) { return verdict.result == result; });
  };
  return fmt::format("{} allowed, {} violations, {} open", count(VerdictResult::allowed),
                     count(VerdictResult::violation), count(VerdictResult::unspecified));
}

}  // namespace tenure::bench
