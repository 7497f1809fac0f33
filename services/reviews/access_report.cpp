#include "services/reviews/access_report.h"

#include <algorithm>

#include "events/digest.h"
#include "projections/diff.h"
#include "services/reviews/desk.h"
#include "services/reviews/report_words.h"
#include "services/reviews/shown_people.h"

namespace tenure::services {

namespace {

using projections::Access;
using reports::Cell;
using reports::Document;
using reports::Kind;
using reports::Row;
using reports::Rows;
using reports::Table;
using review::HoldKind;

// What the rows of the tables are read from.
struct AccessSource {
  AccessSource(Parts& parts, std::shared_ptr<OpenOrg> the_org) : org(std::move(the_org)), people(parts, *org) {}

  std::string identity(projections::Number member) { return people.identity(sight->subject_of(member)); }

  std::shared_ptr<OpenOrg> org;
  std::unique_ptr<Sight> sight;
  std::vector<projections::Holds::Found> holds;
  std::optional<projections::Sides> sides;
  projections::Diff diff;
  std::shared_ptr<const OpenFindings> findings;
  ShownPeople people;
};
using Source = std::shared_ptr<AccessSource>;

template <class Fill>
Rows rows_of(const Source& source, std::size_t count, Fill fill) {
  return [source, count, fill, next = std::size_t{0}](Row& row) mutable -> Outcome<bool> {
    if (next == count) return false;
    fill(*source, next++, row);
    if (source->people.failure()) return *source->people.failure();
    if (source->sight->facts().failure()) return *source->sight->facts().failure();
    return true;
  };
}

Cell number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Table holds_of(const Source& source) {
  Table table{"holds", "Who holds what", "", {}, {}, "Nobody holds anything."};
  table.columns = {{"member", "Member", Kind::text, 28},         {"kind", "Kind", Kind::text, 10},
                   {"power", "Power", Kind::text, 34},           {"since", "Since", Kind::instant},
                   {"granted_by", "Granted by", Kind::text, 24}, {"position", "By event", Kind::number, 0, false},
                   {"state", "State", Kind::text, 16, false}};
  table.open = [source] {
    return rows_of(source, source->holds.size(), [](AccessSource& from, std::size_t n, Row& row) {
      const auto& [hold, id, state] = from.holds[n];
      row = {from.identity(hold.member), std::string(review::to_text(hold.kind)),
             power_in_words(from.sight->facts(), hold)};
      row.push_back(Instant{hold.since.us});
      const auto record = record_at(*from.org->snapshot, hold.since.position);
      if (!record) from.people.note(record.error());
      row.push_back(record ? Cell(from.people.name_of(record->event.actor)) : Cell());
      row.push_back(number(hold.since.position));
      row.emplace_back(state);
    });
  };
  return table;
}

// On what the power changed: one resource, every one of a kind, or the most that is held anywhere.
std::string changed_on(AccessSource& from, const projections::DiffRow& change) {
  switch (change.grain) {
    case projections::Grain::one:
      return from.sight->facts().name(change.resource).name;
    case projections::Grain::every:
      return from.diff.permissions[change.permission].kind + ":*";
    case projections::Grain::asked:
    case projections::Grain::overall:
      break;
  }
  return "overall";
}

Table changes_of(const Source& source) {
  Table table{
      "changes",
      "What changed in the period",
      "Of everybody, whatever the scope, by the powers that they have: what was gained and lost again has no line.",
      {},
      {},
      "No power changed."};
  table.columns = {{"member", "Member", Kind::text, 28},
                   {"change", "Change", Kind::text, 8},
                   {"permission", "Permission", Kind::text, 28},
                   {"on", "On", Kind::text, 28},
                   {"before", "Before", Kind::text, 12},
                   {"after", "After", Kind::text, 12},
                   {"position", "By event", Kind::number},
                   {"event", "Event", Kind::text, 20},
                   {"actor", "By", Kind::text, 24}};
  table.open = [source] {
    return rows_of(source, source->diff.rows.size(), [](AccessSource& from, std::size_t n, Row& row) {
      const projections::DiffRow& change = from.diff.rows[n];
      row = {from.identity(change.member),
             std::string(projections::to_text(change.difference)),
             from.diff.permissions[change.permission].id.text,
             changed_on(from, change),
             std::string(change.before.level),
             std::string(change.after.level)};
      row.push_back(change.cause == 0 ? Cell() : number(change.cause));
      if (change.cause == 0) {
        row.resize(9);
        return;
      }
      const auto record = record_at(*from.org->snapshot, change.cause);
      if (!record) from.people.note(record.error());
      row.push_back(record ? Cell(std::string(type_name(record->event.data))) : Cell());
      row.push_back(record ? Cell(from.people.name_of(record->event.actor)) : Cell());
    });
  };
  return table;
}

Table findings_of(const Source& source) {
  Table table{"findings", "Findings", "", {}, {}, "Nothing was found."};
  table.columns = {{"id", "Finding", Kind::text, 24, false},
                   {"kind", "Kind", Kind::text, 22},
                   {"member", "Member", Kind::text, 28},
                   {"since", "Since", Kind::instant},
                   {"because", "Because", Kind::text, 50}};
  table.open = [source] {
    return rows_of(source, source->findings->all.size(), [](AccessSource& from, std::size_t n, Row& row) {
      row = finding_row(*from.sight, from.people, from.findings->all[n]);
    });
  };
  return table;
}

// By the definition as it stood when the report was made; everything where there was none.
Outcome<review::Definition> definition_at(Parts& parts, const OpenOrg& org, const event::AccessReported& reported) {
  if (!reported.definition) return review::Definition{};
  const auto kept = parts.reviews->reviews.definition_known_at(org, *reported.definition, reported.pinned);
  if (!kept) return kept.error();
  return *kept ? (*kept)->definition : review::Definition{};
}

AccessReport document_of(const Source& source, const review::Definition& definition, const Record& record) {
  const auto& reported = std::get<event::AccessReported>(record.event.data);
  Document document;
  document.title = definition.name.empty() ? "Access report" : definition.name;
  document.organization = source->org->id.text;
  document.summary = definition.description;
  document.created = record.recorded_at;
  document.facts = {{"report", "Report", reported.report},
                    {"as_of", "Access as of", reported.as_of},
                    {"from", "Changes since", reported.from},
                    {"position", "As known at position", number(reported.pinned.value)},
                    {"holds", "Holds", number(source->holds.size())},
                    {"holds_digest", "Digest of the holds", projections::population_digest(source->holds)},
                    {"changes", "Changes", number(source->diff.rows.size())},
                    {"findings", "Findings", number(source->findings->all.size())}};
  const auto version = source->org->snapshot->version_at(source->org->id, reported.pinned);
  const auto at =
      version ? source->org->snapshot->position_of(source->org->id, *version) : Outcome<Position>(version.error());
  const auto pinned = at ? source->org->snapshot->record(*at) : Outcome<storage::LogRecord>(at.error());
  if (!pinned) return pinned.error();
  document.facts.push_back({"version", "Organization's version", number(version->value)});
  document.facts.push_back({"chain", "Chain hash", to_hex(sha256(pinned->bytes))});
  reports::Chart chart{"holds", "Holds by kind", {}, {}, 0};
  for (const HoldKind kind : {HoldKind::role, HoldKind::group, HoldKind::grant, HoldKind::invitation}) {
    const auto count = std::count_if(source->holds.begin(), source->holds.end(),
                                     [&](const auto& found) { return found.hold.kind == kind; });
    chart.bars.push_back({std::string(review::to_text(kind)), count, reports::Tone::plain});
  }
  document.charts.push_back(std::move(chart));
  document.tables = {holds_of(source), changes_of(source), findings_of(source)};
  document.signatures = {"Read by"};
  document.imprint = "position " + std::to_string(reported.pinned.value);
  return document;
}

}  // namespace

AccessReport access_report(Parts& parts, std::shared_ptr<OpenOrg> org, const Record& record) {
  const auto& reported = std::get<event::AccessReported>(record.event.data);
  const auto definition = definition_at(parts, *org, reported);
  if (!definition) return definition.error();
  auto source = std::make_shared<AccessSource>(parts, std::move(org));
  auto sight = Sight::at(parts, *source->org, reported.as_of, reported.pinned);
  if (!sight) return sight.error();
  source->sight = std::move(*sight);
  Sight& now = *source->sight;
  const auto open = open_findings(now);
  if (!open) return open.error();
  source->findings = *open;
  const auto has_finding = [&](projections::Number member, const std::vector<std::string>& kinds) {
    const auto [first, last] = source->findings->by_member.equal_range(member);
    return std::any_of(first, last, [&](const auto& each) {
      const auto kind = projections::to_text(source->findings->all[each.second].kind);
      return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    });
  };
  auto holds = now.holds().in_scope(definition->scope, review_items_max, has_finding,
                                    [](const std::string&, const std::string&) { return false; });
  if (!holds) return holds.error();
  source->holds = std::move(*holds);
  using projections::Point;
  const auto side = [&](Instant at) {
    auto facts = now.facts().moved_to(Point::end_of(at));
    auto model = facts.model_at(facts.at());
    return Access(std::move(facts), model ? model : now.model());
  };
  source->sides.emplace(projections::Sides{side(reported.from), side(reported.as_of), {}});
  source->diff = projections::diff_of(*source->sides, {});
  if (source->diff.failure) return *source->diff.failure;
  if (const auto failure = source->sides->failure()) return *failure;
  if (source->diff.too_many) {
    return refuse(RefusalCode::too_large,
                  "more than " + std::to_string(projections::diff_rows_max) +
                      " changes lie in the period; make a report over a shorter one.",
                  "from");
  }
  if (now.facts().failure()) return *now.facts().failure();

  return document_of(source, *definition, record);
}

}  // namespace tenure::services
