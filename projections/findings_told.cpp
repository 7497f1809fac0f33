// Findings that only the records tell, from their rows. What an end of the role, the group or the resource took from
// all who had it is not told as taken from one; what was found so and then taken was there since nobody knows when.
#include <algorithm>
#include <set>

#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

void violations(const Looking& looking) {
  for (const ToldRow& row : looking.facts().told(Told::violation, false)) {
    looking.add(FindingKind::rule_violation, row.entity, 0, row.at, {});
  }
}

void own_approvals(const Looking& looking) {
  for (const ToldRow& row : looking.facts().told(Told::own_approval, false)) {
    const bool did = (row.value & approved_own_act) != 0, gains = (row.value & approved_own_gain) != 0;
    looking.add(FindingKind::self_approval, row.entity, 0, row.at,
                did && gains ? "whoever did it approved it, and gains by it"
                : did        ? "whoever did it approved it"
                             : "whoever approved it gains by it");
  }
}

std::string held_in_words(std::int64_t us) { return " was given and taken again within " + in_words(us); }

// The last end, before a point, of any of these.
Point last_end(Access& access, std::initializer_list<Number> others, Point before) {
  Point last{};
  for (const Number other : others) {
    if (other == 0) continue;
    const EntityState state = access.facts().state_once(other, before);
    const auto [first, end] = state.of_kind(SlotKind::ended);
    for (const Live* ended = first; ended != end; ++ended) {
      if (ended->at > last && !access.ended_nothing(other, ended->at)) last = ended->at;
    }
  }
  return last;
}

// What members and groups had for a short time.
class ShortLived {
 public:
  explicit ShortLived(const Looking& looking)
      : looking_(looking),
        access_(looking.access),
        facts_(looking.facts()),
        within_us_(looking.search.short_lived_us) {}

  // What the event at a point took from its holder.
  void look_at(const ToldRow& row) {
    looking_.meanwhile();
    const Point just_before{row.at.us, row.at.position - 1};
    holder_ = row.entity;
    kind_ = facts_.name(row.entity).kind;
    // Whether what is granted to somebody who is not there is a power, the model says under which it is taken.
    const auto model = facts_.model_at(just_before);
    outsiders_hold_ = model && model->outsiders_hold_scoped_grants();
    groups_inherit_ = model && model->groups_inherit_from_parents();
    const auto had = powers(facts_.state_once(row.entity, just_before));
    const auto left = powers(facts_.state_once(row.entity, row.at));
    for (const Interval& link : had) {
      if (same_power(left, link) || ended_since(link, just_before)) continue;
      if (link.list.kind == ListKind::children && !(kind_ == EntityKind::group && groups_inherit_)) continue;
      if (link.list.kind == ListKind::holders && role_shown(link).empty()) continue;
      const Point given = given_at(link, just_before);
      if (row.at.us - given.us > within_us_ || facts_.found_so(given.position)) continue;
      add(row, link, given);
    }
  }

 private:
  // What the holder has been given in a state and has, as links.
  std::vector<Interval> powers(const EntityState& state) {
    std::vector<Interval> links = open_intervals(kind_, holder_, state);
    const bool grants_count = kind_ != EntityKind::member || outsiders_hold_ || state.exists();
    std::erase_if(links, [&](const Interval& link) {
      return !is_power(link.list.kind) || (link.list.kind == ListKind::grants_of && !grants_count);
    });
    return links;
  }

  // The link that is the same power. A role may be named or implied, and what is implied is the model's to say.
  const Interval* same_power(const std::vector<Interval>& links, const Interval& link) {
    const auto same = std::find_if(links.begin(), links.end(), [&](const Interval& i) {
      if (i.list.kind != link.list.kind || i.extra != link.extra) return false;
      return link.list.kind == ListKind::holders ? role_shown(i) == role_shown(link) : i.list.of == link.list.of;
    });
    return same == links.end() ? nullptr : &*same;
  }

  // The last end, before a point, of what a link points at.
  Point last_end(const Interval& link, Point before) {
    const bool role = link.list.kind == ListKind::holders;
    const Number of = role ? facts_.number(EntityKind::role, role_shown(link)) : link.list.of;
    return projections::last_end(access_, {of, link.extra}, before);
  }
  bool ended_since(const Interval& link, Point before) { return last_end(link, before) > link.link; }

  // Since when the power was there without a break: link and holder both, and what it points at not ended since. Goes
  // through the holder's own history.
  Point given_at(const Interval& link, Point before) {
    const Point ended = last_end(link, before);
    std::optional<Point> given;
    EntityState state;
    for (const Entry& entry : facts_.entries_until(holder_, before)) {
      state.apply(entry);
      const auto links = powers(state);
      const Interval* then = same_power(links, link);
      if (!then || then->link <= ended) {
        given.reset();
      } else if (!given) {
        given = entry.at;
      }
    }
    return given.value_or(link.link);
  }

  void add(const ToldRow& row, const Interval& had, Point given) {
    const std::string held = held_in_words(row.at.us - given.us);
    Finding& finding = looking_.add(FindingKind::granted_and_revoked, row.entity, had.list.of, row.at, {});
    const std::string& name = facts_.name(had.list.of).name;
    switch (had.list.kind) {
      case ListKind::holders:
        finding.role = role_shown(had);
        finding.other = facts_.number(EntityKind::role, finding.role);
        finding.because = "the role " + finding.role + held;
        break;
      case ListKind::grants_of:
        finding.role = name;
        finding.on = facts_.name(had.extra).name;
        finding.because = "the role " + name + " on " + finding.on + held;
        break;
      case ListKind::group_members:
        finding.because = "the membership of the group " + name + held;
        break;
      case ListKind::children:
        finding.because = "the parent " + name + held;
        break;
      default:
        finding.on = name;
        finding.because = "the assignment to " + name + held;
        break;
    }
    if (given.position != row.at.position) finding.evidence.push_back(given.position);
  }

  // The owner's role is given without being named; empty where a former owner keeps none.
  std::string role_shown(const Interval& had) {
    const std::string& name = facts_.name(had.list.of).name;
    if (name != implied_owner && name != implied_former_owner) return name;
    const auto model = facts_.model_at(had.link);
    if (!model) return "owner";
    const auto former = model->former_owner_role();
    if (name == implied_owner) return model->roles()[model->owner_role()].id.text;
    return former ? model->roles()[*former].id.text : std::string();
  }

  const Looking& looking_;
  Access& access_;
  Facts& facts_;
  std::int64_t within_us_;
  // Of the event that is looked at.
  Number holder_ = 0;
  EntityKind kind_ = EntityKind::org;
  bool outsiders_hold_ = false, groups_inherit_ = false;
};

// What everyone had for a short time, by grants and by settings. What both give is one power; what a setting gives
// before anybody set it was given by nobody.
class ShortLivedOfEveryone {
 public:
  explicit ShortLivedOfEveryone(const Looking& looking)
      : looking_(looking),
        access_(looking.access),
        facts_(looking.facts()),
        within_us_(looking.search.short_lived_us) {}

  // What the event at a point took from everyone.
  void look_at(Point at) {
    looking_.meanwhile();
    const Point just_before{at.us, at.position - 1};
    const Number org = facts_.org_entity();
    const EntityState before = facts_.state_once(org, just_before), with = facts_.state_once(org, at);
    for (const Power& power : perhaps_lost(before, with, just_before)) {
      const auto granted = held_by(before, just_before, power);
      if (!granted || held_by(with, at, power)) continue;
      const Point given = given_at(power, at);
      if (at.us - given.us > within_us_ || facts_.found_so(given.position)) continue;
      Finding& finding = looking_.add(FindingKind::granted_and_revoked, org, *granted, at,
                                      "the role " + power.role + " on " + power.on + held_in_words(at.us - given.us));
      finding.role = power.role;
      finding.on = power.on;
      if (given.position != at.position) finding.evidence.push_back(given.position);
    }
  }

 private:
  struct Power {
    std::string role, on;
    auto operator<=>(const Power&) const = default;
  };
  // The role that a grant of the power names, where everyone has it; 0: by a setting alone.
  std::optional<Number> held_by(const EntityState& org, Point at, const Power& power) {
    const auto [first, last] = org.of_kind(SlotKind::grant);
    for (const Live* l = first; l != last; ++l) {
      const bool gives = power_of(*l) == power && last_end(access_, {l->slot.a, l->slot.b}, at) <= l->at;
      if (gives) return l->slot.b;
    }
    return by_settings(org, at).contains(power) ? std::optional(Number{0}) : std::nullopt;
  }

  Power power_of(const Live& grant) { return {facts_.name(grant.slot.b).name, facts_.name(grant.slot.a).name}; }

  // What settings that somebody set give everyone.
  std::set<Power> by_settings(const EntityState& org, Point at) {
    std::set<Power> all;
    const auto [set, set_last] = org.of_kind(SlotKind::setting);
    if (set == set_last) return all;
    const auto model = facts_.model_at(at);
    for (const Live* l = set; model && l != set_last; ++l) {
      for (const SettingRule& rule : model->settings()) {
        if (rule.id.text != facts_.name(l->slot.a).name) continue;
        for (const SettingValue& option : rule.values) {
          if (option.value != facts_.name(l->value).name || !option.everyone_role) continue;
          all.insert({model->roles()[*option.everyone_role].id.text, rule.on_kind + ":*"});
        }
      }
    }
    return all;
  }

  // Those whose grant is not the same with the event as before it, and those of settings.
  std::set<Power> perhaps_lost(const EntityState& before, const EntityState& with, Point just_before) {
    std::set<Power> lost = by_settings(before, just_before);
    const auto [first, last] = before.of_kind(SlotKind::grant);
    for (const Live* l = first; l != last; ++l) {
      const Live* now = with.find(l->slot);
      if (!now || now->at != l->at) lost.insert(power_of(*l));
    }
    return lost;
  }

  // Since when everyone had what the event at a point took, without a break; no further back than it matters.
  Point given_at(const Power& power, Point taken) {
    const Number org = facts_.org_entity();
    if (!entries_) entries_ = facts_.entries(org);
    auto next = std::lower_bound(entries_->begin(), entries_->end(), taken,
                                 [](const Entry& entry, Point point) { return entry.at < point; });
    Point given{taken.us, taken.position - 1};
    for (Point last = taken; next != entries_->begin();) {
      const Point at = (--next)->at;
      if (at == last) continue;
      if (!held_by(facts_.state_once(org, at), at, power)) break;
      last = given = at;
      if (taken.us - at.us > within_us_) break;
    }
    return given;
  }

  const Looking& looking_;
  Access& access_;
  Facts& facts_;
  std::int64_t within_us_;
  std::optional<std::vector<Entry>> entries_;  // the organization's own
};

// The first end of the organization itself, if there was one.
std::optional<Point> first_end(Facts& facts) {
  const std::vector<Point> ends = facts.ends_of_org();
  return !ends.empty() && ends.front() <= facts.at() ? std::optional(ends.front()) : std::nullopt;
}

// No row tells of settings, which are few.
void short_lived_of_everyone(const Looking& looking, std::set<Point> points) {
  Facts& facts = looking.facts();
  for (const Entry& entry : facts.entries(facts.org_entity())) {
    const bool takes = entry.op == Op::end || entry.slot.kind == SlotKind::setting;
    if (takes && entry.at <= facts.at()) points.insert(entry.at);
  }
  ShortLivedOfEveryone look(looking);
  for (const Point at : points) look.look_at(at);
}

void short_lived(const Looking& looking) {
  Facts& facts = looking.facts();
  const Number org = facts.org_entity();
  ShortLived look(looking);
  std::set<Point> of_everyone;
  const auto end = first_end(facts);
  for (const ToldRow& row : facts.told(Told::short_lived, true)) {
    if (row.value > static_cast<std::uint64_t>(looking.search.short_lived_us) || (end && row.at > *end)) continue;
    if (row.entity == org) {
      of_everyone.insert(row.at);
    } else {
      look.look_at(row);
    }
  }
  if (end) {
    // The rows know nothing of an end of the whole organization: behind it every event of every holder is looked at. An
    // organization that is used again after its end is rare.
    std::vector<Number> holders;
    for (const EntityKind kind : {EntityKind::member, EntityKind::group}) {
      for (const Number holder : facts.numbers_of(kind)) holders.push_back(holder);
    }
    for (const Number holder : holders) {
      Point last{};
      for (const Entry& entry : facts.entries(holder)) {
        if (entry.at <= *end || entry.at > facts.at() || entry.at == last) continue;
        look.look_at({last = entry.at, holder, 0});
      }
    }
    for (const Entry& entry : facts.entries(org)) {
      if (entry.slot.kind == SlotKind::grant && entry.at > *end && entry.at <= facts.at()) of_everyone.insert(entry.at);
    }
  }
  short_lived_of_everyone(looking, std::move(of_everyone));
}

}  // namespace

void find_told(const Looking& looking, FindingKind kind) {
  if (kind == FindingKind::rule_violation) violations(looking);
  if (kind == FindingKind::self_approval) own_approvals(looking);
  if (kind != FindingKind::granted_and_revoked) return;
  short_lived(looking);
  find_turned(looking);
}

}  // namespace tenure::projections
