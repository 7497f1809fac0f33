#include "projections/findings.h"

#include <algorithm>
#include <functional>

#include "events/digest.h"
#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

constexpr std::string_view kind_texts[finding_kinds] = {
    "can_raise_self",       "inviter_removed",      "invitation_pending", "custom_role_unheld", "custom_role_duplicate",
    "grant_without_effect", "holders_over",         "holders_under",      "rule_violation",     "self_approval",
    "granted_and_revoked",  "duties_not_separated", "judgement_changed"};

}  // namespace

std::string_view to_text(FindingKind kind) { return kind_texts[static_cast<std::size_t>(kind)]; }

std::optional<FindingKind> finding_kind_from(std::string_view text) {
  const auto at = std::find(std::begin(kind_texts), std::end(kind_texts), text);
  if (at == std::end(kind_texts)) return std::nullopt;
  return static_cast<FindingKind>(at - std::begin(kind_texts));
}

namespace {

constexpr std::size_t id_digest_digits = 16;

// Of one record there is one finding of these kinds.
bool one_a_record(FindingKind kind) {
  return kind == FindingKind::rule_violation || kind == FindingKind::self_approval;
}

// Made of what the log says alone: names, never the numbers of the views.
std::string id_of(Facts& facts, const Finding& finding) {
  std::string id = std::string(to_text(finding.kind)) + '.' + std::to_string(finding.since.position);
  if (one_a_record(finding.kind)) return id;
  std::string about;
  for (const Number number : {finding.entity, finding.other}) {
    if (number != 0) {
      const NamedEntity& named = facts.name(number);
      about += static_cast<char>(named.kind);
      about += named.name;
    }
    about += '\0';
  }
  about += finding.role + '\0' + finding.on;
  for (const std::string* more : {&finding.permission, &finding.area, &finding.feature}) {
    if (!more->empty()) about += '\0' + *more;
  }
  return id + '.' + to_hex(sha256(about)).substr(0, id_digest_digits);
}

class Search {
 public:
  Search(Access& access, Instant at, const FindingSearch& search)
      : facts_(access.facts()), looking_{access, at, search, found_} {}

  std::vector<Finding> find(const Raises& raises) {
    const auto only = looking_.search.only;
    for (std::size_t k = 0; k < finding_kinds; ++k) {
      const auto kind = static_cast<FindingKind>(k);
      if (!only || *only == kind) find(kind, raises);
    }
    std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.kind, a.entity, a.other, a.since, a.role, a.on, a.permission, a.area, a.feature) <
             std::tie(b.kind, b.entity, b.other, b.since, b.role, b.on, b.permission, b.area, b.feature);
    });
    for (Finding& finding : found_) finding.id = id_of(facts_, finding);
    return std::move(found_);
  }

 private:
  void find(FindingKind kind, const Raises& raises) {
    switch (kind) {
      case FindingKind::can_raise_self:
        return find_raising(looking_, raises);
      case FindingKind::inviter_removed:
        return inviters();
      case FindingKind::invitation_pending:
        return invitations();
      case FindingKind::custom_role_unheld:
        return find_unheld_roles(looking_);
      case FindingKind::custom_role_duplicate:
        return find_same_roles(looking_);
      case FindingKind::grant_without_effect:
        return find_idle_grants(looking_);
      case FindingKind::holders_over:
      case FindingKind::holders_under:
        return find_holders(looking_, kind);
      case FindingKind::rule_violation:
      case FindingKind::self_approval:
      case FindingKind::granted_and_revoked:
        return find_told(looking_, kind);
      case FindingKind::duties_not_separated:
        return find_duties(looking_);
      case FindingKind::judgement_changed:
        return;
    }
  }

  void inviters() {
    for (const Interval& i : facts_.list({ListKind::members, 0})) {
      const Live* came = facts_.state(i.principal).find({SlotKind::brought_by});
      if (!came || facts_.state(came->value).exists()) continue;
      const Point gone = gone_since(came->value);
      if (gone == Point{}) continue;  // never a member: support staff
      const Point there = so_since(i.principal, [&](Access& then) { return then.active(i.principal); });
      const Point since = std::max(gone, there);
      Finding& finding = looking_.add(FindingKind::inviter_removed, i.principal, came->value, since,
                                      "whoever invited the member was removed, and the member is still there");
      if (since != gone) finding.evidence.push_back(gone.position);
      finding.evidence.push_back(came->at.position);
    }
  }

  // Since when somebody who was removed has not been there: a second removal changes nothing. Nothing if they never
  // were.
  Point gone_since(Number member) {
    const auto gone = [](const EntityState& state) { return !state.exists() && state.find({SlotKind::ended}); };
    if (!gone(facts_.state(member))) return Point{};
    return so_since(member, [&](Access& then) { return gone(then.facts().state(member)); });
  }

  // Since when something has been so that rests on whether one member is there, was removed or is invited.
  Point so_since(Number member, const std::function<bool(Access&)>& stands) {
    std::vector<Point> points;
    for (const Entry& entry : facts_.entries(member)) {
      const SlotKind kind = entry.slot.kind;
      const bool ends_or_takes = entry.op == Op::end || entry.op == Op::accept;
      if (ends_or_takes || kind == SlotKind::exists || kind == SlotKind::invited) points.push_back(entry.at);
    }
    add_turns_of_org(facts_, points);
    return stood_since(looking_, std::move(points), stands);
  }

  // Somebody who was invited again has been waiting since the first time, if that one still stands.
  std::optional<Invitation> oldest_pending(EntityState state) const {
    std::optional<Invitation> oldest;
    while (auto invitation = state.invitation(looking_.at)) {
      std::erase_if(state.live,
                    [&](const Live& l) { return l.slot.kind == SlotKind::invited && l.at == invitation->at; });
      oldest = std::move(invitation);
    }
    return oldest;
  }

  void invitations() {
    std::unordered_set<Number> seen;
    for (const Interval& i : facts_.list({ListKind::invited, 0})) {
      const EntityState& state = facts_.state(i.principal);
      if (state.exists() || !seen.insert(i.principal).second) continue;
      const auto invitation = oldest_pending(state);
      if (!invitation) continue;
      // While they were a member it did not wait.
      const auto is_absent = [&](Access& then) { return !then.active(i.principal); };
      const Point absent = state.find({SlotKind::ended}) ? so_since(i.principal, is_absent) : Point{};
      const Point since = std::max(absent, invitation->at);
      if (looking_.at.us - since.us <= looking_.search.pending_us) continue;
      Finding& finding = looking_.add(FindingKind::invitation_pending, i.principal, 0, since,
                                      "the invitation has been pending since " + format_instant(Instant{since.us}));
      if (since != invitation->at) finding.evidence.push_back(invitation->at.position);
    }
  }

  Facts& facts_;
  std::vector<Finding> found_;
  Looking looking_;
};

}  // namespace

std::optional<Access> access_at(Facts& facts, Point at) {
  Facts then = facts.moved_to(at);
  auto model = then.model_at(then.at());
  if (!model) return std::nullopt;
  return Access(std::move(then), std::move(model));
}

std::string in_words(std::int64_t us) {
  constexpr std::int64_t second = 1'000'000, minute = 60 * second;
  if (us < minute) return std::to_string(us / second) + " s";
  return std::to_string(us / minute) + " min";
}

void add_entries(Facts& facts, Number entity, std::vector<Point>& points) {
  for (const Entry& entry : facts.entries(entity)) points.push_back(entry.at);
}

void add_turns_of_org(Facts& facts, std::vector<Point>& points) {
  for (const Entry& entry : facts.entries(facts.org_entity())) {
    const bool turns = entry.op == Op::end || entry.slot.kind == SlotKind::model || entry.slot.kind == SlotKind::exists;
    if (turns) points.push_back(entry.at);
  }
}

Point stood_since(const Looking& looking, std::vector<Point> points, const std::function<bool(Access&)>& stands) {
  Facts& facts = looking.facts();
  const auto stood_at = [&](Point at) {
    looking.meanwhile();
    auto then = access_at(facts, at);
    if (!then) return false;
    const bool stood = stands(*then);
    if (then->facts().failure()) facts.fail(*then->facts().failure());
    return stood;
  };
  std::erase_if(points, [&](Point at) { return at > facts.at(); });
  std::sort(points.begin(), points.end(), std::greater<>());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  // Back from instant to instant, to the first one of the stretch.
  std::size_t first = 0, last = 0;  // the places of its events: [first, last)
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin;
    while (end < points.size() && points[end].us == points[begin].us) ++end;
    // Behind the newest of them it is as it is now.
    if (begin > 0 && !stood_at(Point::end_of(Instant{points[begin].us}))) break;
    first = begin;
    last = end;
    begin = end;
  }
  if (first == last) return Point{};
  while (first + 1 < last && stood_at(points[first + 1])) ++first;
  return points[first];
}

std::vector<Finding> findings_at(Access& access, Instant at, const Raises& raises, const FindingSearch& search) {
  return Search(access, at, search).find(raises);
}

std::unordered_map<std::string, Point> closed_findings(Facts& facts) {
  std::unordered_map<std::string, Point> closed;
  for (const Number number : facts.numbers_of(EntityKind::finding)) {
    EntityState state;
    for (const Entry& entry : facts.entries(number)) {
      if (entry.at <= facts.at()) state.apply(entry);
    }
    if (const Live* by = state.find({SlotKind::closed})) closed.emplace(facts.name(number).name, by->at);
  }
  return closed;
}

}  // namespace tenure::projections
