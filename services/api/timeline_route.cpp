// The events that touched a member, a role, a group, a resource or a permission, and what each did to effective access.
#include <set>

#include "projections/story.h"
#include "services/api/effects.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using projections::Diff;
using projections::DiffQuestion;
using projections::DiffRow;
using projections::Retraction;
using projections::Sides;
using projections::SubjectKind;
using projections::Touch;

using Refused = std::optional<Response>;

constexpr std::pair<const char*, SubjectKind> subjects[] = {{"member", SubjectKind::member},
                                                            {"role", SubjectKind::role},
                                                            {"group", SubjectKind::group},
                                                            {"resource", SubjectKind::resource},
                                                            {"permission", SubjectKind::permission}};

class TimelineAsked {
 public:
  TimelineAsked(Parts& parts, Request& request) : asking_(parts, request), request_(request) {}

  Refused open() {
    const auto known = only_known(request_, {"member", "role", "group", "resource", "permission", "at", "from", "to",
                                             "known_at", "limit", "cursor"});
    if (!known) return no(known.error());
    for (const auto& [name, kind] : subjects) {
      if (!request_.query(name)) continue;
      if (subject_)
        return no(refuse(RefusalCode::invalid_field, "give one of member, role, group, resource or permission.", name));
      subject_ = kind;
      name_ = std::string(*request_.query(name));
    }
    if (!subject_) {
      return no(
          refuse(RefusalCode::missing_field, "say of what: member, role, group, resource or permission.", "member"));
    }
    if (auto refused = asking_.open()) return refused;
    return find_subject();
  }

  Response answer() {
    const Pinned& pinned = asking_.pinned();
    const Point end = this->end();
    const auto found = found_once<Found>(request_, [&] {
      Access access(asking_.facts().moved_to(end), asking_.shared_model());
      Found story;
      story.touches =
          projections::touches_of(access, subject(), records(), pinned.when.range ? pinned.when.from : Instant::min());
      asking_.note(access.facts().failure());
      if (pinned.page.tally) {
        story.total = pinned.page.tally->total;
      } else {
        count(story);
      }
      return story;
    });
    return page(*found);
  }

 private:
  // Of the events that may belong to a permission's story, or bear on a member, some changed nothing. Up to so many are
  // all looked at for the first page, which tells the total. Of more, or where that compares too many members, each
  // page looks at so many, `next` goes on where it stopped, and the last page tells the total.
  static constexpr std::size_t counted_max = 20'000;
  static constexpr std::size_t looked_at_max = 500;
  // On one page, or for the total: some seconds' work. One event is always compared with all whom it can be about.
  static constexpr std::size_t compared_max = 400'000;
  // Instants at which it is looked whether a retraction changed something that came and went.
  static constexpr std::size_t between_max = 5'000;
  // What one such instant costs, in members compared, and what it costs to find them all.
  static constexpr std::size_t instant_cost = 10, instants_cost = 2'000;

  struct Found {
    std::vector<Touch> touches;  // the rows, or those among which they are
    std::optional<std::uint64_t> total;
  };

  std::function<void()> go_on() {
    return [this] { request_.go_on(); };
  }
  projections::Subject subject() { return {*subject_, entity_, PermissionId(name_), resource_, go_on()}; }
  bool must_change_access(const Touch& touch) const { return projections::must_change_access(*subject_, touch); }
  // Only what is a row stays, and how many there are; where that takes too long, the last page tells.
  void count(Found& found) {
    const auto dear = std::count_if(found.touches.begin(), found.touches.end(),
                                    [&](const Touch& touch) { return must_change_access(touch); });
    if (static_cast<std::size_t>(dear) > counted_max) return;
    std::size_t compared = 0;
    std::vector<Touch> rows;
    for (const Touch& touch : found.touches) {
      if (must_change_access(touch)) {
        const Told told = effects_of(touch, true);
        compared += told.compared();
        if (compared > compared_max) return;
        if (told.nothing()) continue;
      }
      rows.push_back(touch);
    }
    found.touches = std::move(rows);
    found.total = found.touches.size();
  }

  // Of the model in force at the end of what is asked about, or of one that was before it.
  bool is_permission() {
    if (asking_.model().permission(name_)) return true;
    const Pinned& pinned = asking_.pinned();
    Facts facts = asking_.facts().moved_to(pinned.when.range ? Point{pinned.when.to.us, 0} : asking_.facts().at());
    const auto has_it = [&](Point at) {
      const auto model = facts.model_at(at);
      return model && model->permission(name_);
    };
    if (has_it(facts.at())) return true;
    for (const projections::Entry& entry : facts.entries_until(facts.org_entity(), facts.at())) {
      if (entry.slot.kind == projections::SlotKind::model && has_it(entry.at)) return true;
    }
    return false;
  }

  Refused find_subject() {
    if (*subject_ == SubjectKind::permission) {
      if (is_permission()) return std::nullopt;
      return no(refuse(RefusalCode::unknown_permission,
                       "neither the model " + asking_.model().id().text +
                           " nor one that was in force before it has a "
                           "permission \"" +
                           name_ + "\"; GET /v1/models/" + asking_.model().id().text + " lists them.",
                       "permission"));
    }
    static constexpr EntityKind kinds[] = {EntityKind::member, EntityKind::role, EntityKind::group, EntityKind::scope};
    static constexpr RefusalCode codes[] = {RefusalCode::unknown_member, RefusalCode::unknown_role,
                                            RefusalCode::unknown_group, RefusalCode::unknown_resource};
    const auto which = static_cast<std::size_t>(*subject_);
    if (*subject_ == SubjectKind::member) {
      const auto member = asking_.member(name_);
      if (!member) return member.error();
      entity_ = *member;
      return std::nullopt;
    }
    if (*subject_ == SubjectKind::group) {
      const auto group = asking_.group(name_);
      if (!group) return group.error();
      entity_ = *group;
      return std::nullopt;
    }
    entity_ = asking_.facts().number(kinds[which], name_);
    if (*subject_ == SubjectKind::resource && find_resource()) return std::nullopt;
    if (entity_ != 0) return std::nullopt;
    return missing(
        refuse(codes[which], "the organization has never heard of \"" + name_ + "\".", subjects[which].first));
  }

  // One of a kind that some model of the organization has can be reached by what is given on every one, though no event
  // names it.
  bool find_resource() {
    const auto colon = name_.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == name_.size()) return false;
    const std::string kind = name_.substr(0, colon);
    const auto models = asking_.facts().models_over(Instant::min(), Instant::max());
    const bool known = std::any_of(models.begin(), models.end(),
                                   [&](const auto& model) { return model->resource_kind(kind) != nullptr; });
    if (known) resource_ = ResourceId{kind, name_.substr(colon + 1)};
    return known;
  }

  // What is asked about ends before it.
  Point end() const {
    const Pinned& pinned = asking_.pinned();
    return pinned.when.range ? Point{pinned.when.to.us, 0} : Point::end_of(pinned.when.at);
  }

  projections::RecordOf records() {
    return [this](std::uint64_t position) { return asking_.record(position); };
  }

  // The entities that an event changed.
  std::vector<Number> entities_of(std::uint64_t position) {
    std::vector<Number> entities;
    const auto record = asking_.record(position);
    if (!record) return entities;
    const auto changes = projections::changes_of(*record, [&](EntityKind kind, std::string_view name) {
      return Outcome<Number>(asking_.facts().number(kind, name));
    });
    if (!changes) {
      asking_.note(changes.error());
      return entities;
    }
    for (const auto& change : *changes) {
      if (!change.entries.empty()) entities.push_back(asking_.facts().number(change.kind, change.name));
    }
    return entities;
  }

  // Two sides compared.
  struct Compared {
    Sides sides;
    Diff diff;
    std::optional<ResourceId> resource;  // what is held on this one alone
  };
  // What an event did; of a retraction at the instant of the event that it turned, and by the end of what is asked.
  struct Told {
    std::optional<Retraction> retraction;
    std::optional<Compared> then, by_now;
    // Where neither tells anything: the first instant between at which something was another thing by it.
    std::optional<Compared> between;
    Instant between_at;
    std::size_t looked_between = 0;  // members compared on the way there
    bool not_searched = false;       // too many to look at: it may have changed something, so it is told

    std::size_t compared() const {
      return (then ? then->diff.compared : 0) + (by_now ? by_now->diff.compared : 0) + looked_between;
    }
    bool nothing() const { return at_the_ends_nothing() && !between && !not_searched; }
    bool at_the_ends_nothing() const {
      return (!then || then->diff.rows.empty()) && (!by_now || by_now->diff.rows.empty());
    }
  };

  Access access_over(Facts facts) {
    auto model = facts.model_at(facts.at());
    return Access(std::move(facts), model ? std::move(model) : asking_.shared_model());
  }

  Compared compare(const Touch& touch, Facts before, Facts after, DiffQuestion::OneEvent event, bool only_whether) {
    Compared compared{{access_over(std::move(before)), access_over(std::move(after)), {}}, {}, {}};
    DiffQuestion question;
    if (touch.reaches && resource_) question.resource = compared.resource = resource_;
    if (touch.reaches && *subject_ == SubjectKind::group) {
      question.among = compared.sides.before.members_with(entity_);
      question.among->merge(compared.sides.after.members_with(entity_));
    }
    question.event = std::move(event);
    question.only_whether = only_whether;
    question.meanwhile = go_on();
    if (*subject_ == SubjectKind::member) question.member = entity_;
    if (*subject_ == SubjectKind::permission) question.permission = PermissionId(name_);
    compared.diff = projections::diff_of(compared.sides, question);
    asking_.note(compared.sides.failure());
    asking_.note(compared.diff.failure);
    too_many_ |= compared.diff.too_many;
    return compared;
  }

  // Just before an event and just with it, compared; of a retraction, without what it turned and with it.
  Told effects_of(const Touch& touch, bool only_whether = false) {
    request_.go_on();
    Told told;
    if (!touch.retraction) {
      told.then.emplace(compare(touch, asking_.facts().moved_to({touch.at.us, touch.at.position - 1}),
                                asking_.facts().moved_to(touch.at), {touch.at.position, entities_of(touch.at.position)},
                                only_whether));
      return told;
    }
    told.retraction = projections::retraction_of(asking_.facts(), records(), touch.at.position);
    if (!told.retraction || !told.retraction->turned) return told;
    told.then.emplace(turned_at(touch, *told.retraction, told.retraction->event, only_whether));
    told.by_now.emplace(turned_at(touch, *told.retraction, end(), only_whether));
    if (told.at_the_ends_nothing()) look_between(touch, only_whether, told);
    return told;
  }

  // Without what a retraction turned and with it, at a point.
  Compared turned_at(const Touch& touch, const Retraction& turned, Point point, bool only_whether) {
    const auto supposing = [&](bool counts) {
      return asking_.facts().moved_to(point).supposing(turned.event, counts, turned.entities());
    };
    return compare(touch, supposing(!turned.counts), supposing(turned.counts),
                   {touch.at.position, turned.entities(), true}, only_whether);
  }

  // What an event gave may have come into force after it, and gone before the end.
  void look_between(const Touch& touch, bool only_whether, Told& told) {
    const Retraction& turned = *told.retraction;
    if (turned.changes.empty()) return;
    std::size_t looked_at = 0;
    told.looked_between += instants_cost;
    for (const std::int64_t us : instants_of(whose_instants(turned), turned)) {
      const Point point = Point::end_of(Instant{us});
      if (point >= end()) break;
      told.not_searched |= ++looked_at > between_max || told.looked_between > compared_max;
      if (told.not_searched) return;
      request_.go_on();
      Compared compared = turned_at(touch, turned, point, true);
      told.looked_between += compared.diff.compared + instant_cost;
      if (compared.diff.rows.empty()) continue;
      told.between_at = Instant{us};
      told.between.emplace(only_whether ? std::move(compared) : turned_at(touch, turned, point, false));
      return;
    }
  }

  // What is told of somebody bears on them alone, but where invitees share their inviter's disabling. Of all else it is
  // what happened to what is asked about.
  std::vector<projections::Subject> whose_instants(const Retraction& turned) {
    const auto models = asking_.facts().models_over(Instant::min(), Instant::max());
    const bool alone =
        *subject_ != SubjectKind::member &&
        std::none_of(models.begin(), models.end(), [](const auto& m) { return m->invitees_share_disabling(); });
    std::vector<projections::Subject> subjects;
    for (const Number entity : turned.entities()) {
      const bool one = alone && asking_.facts().name(entity).kind == EntityKind::member;
      if (one) subjects.push_back({SubjectKind::member, entity, {}, {}, go_on(), false});
    }
    if (subjects.size() == turned.entities().size()) return subjects;
    subjects.assign(1, subject());
    subjects.front().with_retractions = false;
    return subjects;
  }

  // Whenever something happened to these from the turned event on, in order: as it would be with that event, and
  // without it.
  std::set<std::int64_t> instants_of(const std::vector<projections::Subject>& subjects, const Retraction& turned) {
    std::set<std::int64_t> instants{turned.event.us};
    for (const bool counts : {true, false}) {
      Access access = access_over(asking_.facts().moved_to(end()).supposing(turned.event, counts, turned.entities()));
      for (const projections::Subject& subject : subjects) {
        for (const Touch& each : projections::touches_of(access, subject, records(), Instant{turned.event.us})) {
          instants.insert(each.at.us);
        }
      }
      asking_.note(access.facts().failure());
    }
    return instants;
  }

  // Where the event of a cursor stands. A cursor counts no events: which ones are looked at may depend on what was
  // learnt after its position, though which ones are told does not.
  Point place_of(std::uint64_t position) {
    if (position == 0) return {};
    const auto record = asking_.record(position);
    return record ? Point{record->event.occurred_at->us, position} : Point::never();
  }

  Response page(const Found& found) {
    const Pinned& pinned = asking_.pinned();
    JsonText json;
    json.open('{');
    asking_.head(json);
    if (found.total) json.field("total", *found.total);
    if (*subject_ == SubjectKind::resource && entity_ == 0) json.field("named", false);
    PageRows rows(json, request_, asking_.parts(), pinned);
    const auto end = found.touches.end();
    const Point after = place_of(pinned.page.after);
    auto next = std::upper_bound(found.touches.begin(), end, after,
                                 [](Point point, const Touch& touch) { return point < touch.at; });
    std::size_t looked_at = 0, compared = 0;
    std::uint64_t passed = pinned.page.after;
    const auto enough = [&] { return compared > compared_max || (!found.total && looked_at >= looked_at_max); };
    for (; next != end && !rows.full() && !enough(); ++next, ++looked_at) {
      passed = next->at.position;
      Told told = effects_of(*next);
      compared += told.compared();
      if (too_many_) return *too_large(next->at.position);
      if (must_change_access(*next) && told.nothing()) continue;
      row(json, *next, told);
      rows.wrote();
    }
    const std::uint64_t told = (pinned.page.tally ? pinned.page.tally->told : 0) + rows.written();
    if (next != end && (!found.total || told < *found.total)) {
      rows.close(passed, Tally{found.total, told});
    } else {
      rows.close(std::nullopt);
      if (!found.total) json.field("total", told);
    }
    return asking_.finish(std::move(json.close('}')));
  }

  // Never a part of what an event did as if it were all.
  static Refused too_large(std::uint64_t position) {
    return no(refuse(RefusalCode::too_large, "the event at position " + std::to_string(position) + " made more than " +
                                                 std::to_string(projections::diff_rows_max) +
                                                 " changes; ask for the timeline of one member or one permission, or "
                                                 "for the diff around it."));
  }

  void row(JsonText& json, const Touch& touch, Told& told) {
    json.open('{').key("event");
    asking_.event(json, touch.at.position);
    json.field("about", touch.own);
    effects(json, told.then);
    if (told.retraction) {
      json.key("retracts").open('{').field("position", told.retraction->target);
      asking_.event(json.key("event"), told.retraction->event.position);
      json.field("counts", told.retraction->counts);
      if (told.between) {
        effects(json.key("in_between").open('{').field("at", told.between_at), told.between);
        json.close('}');
      }
      if (told.not_searched) json.field("in_between_not_searched", true);
      effects(json.close('}').key("by_now").open('{'), told.by_now);
      json.close('}');
    }
    json.close('}');
  }

  void effects(JsonText& json, std::optional<Compared>& compared) {
    std::vector<const DiffRow*> rows;
    if (!compared) {
      json.field("members", std::uint64_t{0}).field("changes", std::uint64_t{0}).key("effects").open('[').close(']');
      return;
    }
    for (const DiffRow& each : compared->diff.rows) rows.push_back(&each);
    Effects(compared->sides, compared->diff, compared->resource).together(json, rows);
  }

  Asking asking_;
  Request& request_;
  std::optional<SubjectKind> subject_;
  std::string name_;
  Number entity_ = 0;
  std::optional<ResourceId> resource_;  // a resource by its kind and id; "*" for every one
  bool too_many_ = false;               // changes by one event
};

}  // namespace

void add_timeline_routes(http::Router& router, Parts& parts) {
  const auto timeline = [&parts](Request& request) {
    TimelineAsked asked(parts, request);
    if (auto refused = asked.open()) return std::move(*refused);
    return asked.answer();
  };
  router.blocking(http::Method::get, "/v1/orgs/{org}/timeline", "read",
                  with_rows({"event.position",
                             "event.type",
                             "event.occurred_at",
                             "event.actor.kind",
                             "event.actor.id",
                             "event.approved_by.id",
                             "event.reason",
                             "about",
                             "members",
                             "changes",
                             "effects",
                             "retracts.position",
                             "retracts.counts",
                             "retracts.event.position",
                             "retracts.event.type",
                             "retracts.event.occurred_at",
                             "retracts.in_between.at",
                             "retracts.in_between.members",
                             "retracts.in_between.changes",
                             "retracts.in_between.effects",
                             "by_now.members",
                             "by_now.changes",
                             "by_now.effects",
                             "event.basis"},
                            timeline));
}

}  // namespace tenure::services
