#include "services/reviews/access_report.h"

#include <algorithm>

#include "services/reviews/access_source.h"
#include "services/reviews/report_words.h"

namespace tenure::services {

namespace {

using reports::Document;
using review::HoldKind;

using Source = std::shared_ptr<AccessSource>;

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// By the definition as it stood when the report was made; everything where there was none.
Outcome<review::Definition> definition_at(Parts& parts, const OpenOrg& org, const event::AccessReported& reported) {
  if (!reported.definition) return review::Definition{};
  const auto kept = parts.reviews->reviews.definition_known_at(org, *reported.definition, reported.pinned);
  if (!kept) return kept.error();
  return *kept ? (*kept)->definition : review::Definition{};
}

// Up to which position the report by the very same definition knew that ends where this one begins.
Outcome<std::optional<Position>> known_before(Parts& parts, const OpenOrg& org, const Record& record) {
  const auto& reported = std::get<event::AccessReported>(record.event.data);
  std::optional<Position> knew;
  if (!reported.definition) return knew;
  const auto all = parts.reviews->reviews.reports(org, Position(record.position.value - 1));
  if (!all) return all.error();
  for (const Record& other : *all) {
    const auto& earlier = std::get<event::AccessReported>(other.event.data);
    if (earlier.definition == reported.definition && earlier.as_of == reported.from) knew = earlier.pinned;
  }
  if (!knew) return knew;
  // One of another scope told other things. Nor can it be said who would have been in it by findings of that day.
  const auto then = parts.reviews->reviews.definition_known_at(org, *reported.definition, *knew);
  const auto now = parts.reviews->reviews.definition_known_at(org, *reported.definition, reported.pinned);
  if (!then) return then.error();
  if (!now) return now.error();
  const bool same = *then && *now && (*then)->defined.position == (*now)->defined.position;
  if (!same || !(*now)->definition.scope.findings.empty()) knew.reset();
  return knew;
}

std::vector<reports::Fact> facts_of(AccessSource& source, const review::Definition& definition, const Record& record) {
  const auto& reported = std::get<event::AccessReported>(record.event.data);
  std::vector<reports::Fact> facts{
      {"report", "Report", reported.report},
      {"definition", "Definition", reported.definition ? reports::Cell(*reported.definition) : reports::Cell()},
      {"scope", "Scope", scope_in_words(definition.scope)},
      {"as_of", "Access as of", reported.as_of},
      {"from", "Changes since", reported.from},
      {"made_at", "Made", record.recorded_at},
      {"made_by", "Made by", source.people.name_of(record.event.actor)},
      {"population", "Holds", number(source.holds.size())},
      {"population_digest", "Digest of the holds", projections::population_digest(source.holds)},
      {"population_query", "The same list",
       "GET /v1/orgs/" + source.org->id.text + "/reports/" + reported.report + "?format=csv&table=holds"},
      {"changes", "Changes of holds", number(source.changes.size())},
      {"late", "Holds learnt of late", number(source.late.size())},
      {"powers", "Powers that differ", number(source.diff.rows.size())},
      {"findings", "Findings", number(source.findings.size())},
      {"position", "As known at position", number(reported.pinned.value)}};
  add_found_so(facts, std::count_if(source.holds.begin(), source.holds.end(), [&](const auto& found) {
                 return source.sight->facts().found_so(found.hold.since.position);
               }));
  if (reported.scheduled_for) facts.push_back({"scheduled_for", "Planned for", *reported.scheduled_for});
  add_place(facts, source.people, *source.org, {}, reported.pinned);
  return facts;
}

reports::Chart holds_by_kind(const AccessSource& source) {
  reports::Chart chart{"holds", "Holds by kind", {}, {}, 0};
  for (const HoldKind kind : {HoldKind::role, HoldKind::group, HoldKind::grant, HoldKind::invitation}) {
    const auto count = std::count_if(source.holds.begin(), source.holds.end(),
                                     [&](const auto& found) { return found.hold.kind == kind; });
    chart.bars.push_back({std::string(review::to_text(kind)), count, reports::Tone::plain});
  }
  return chart;
}

}  // namespace

AccessReport access_report(Parts& parts, std::shared_ptr<OpenOrg> org, const Record& record) {
  const auto& reported = std::get<event::AccessReported>(record.event.data);
  const auto definition = definition_at(parts, *org, reported);
  if (!definition) return definition.error();
  const auto source = std::make_shared<AccessSource>(parts, std::move(org));
  auto sight = Sight::at(parts, *source->org, reported.as_of, reported.pinned);
  if (!sight) return sight.error();
  source->sight = std::move(*sight);
  const auto knew = known_before(parts, *source->org, record);
  if (!knew) return knew.error();
  const auto read = source->read(parts, definition->scope, reported.from, *knew);
  if (source->failure()) return *source->failure();
  if (!read) return read.error();

  Document document;
  document.title = definition->name.empty() ? "Access report" : definition->name;
  document.organization = source->org->id.text;
  document.summary = definition->description;
  document.created = record.recorded_at;
  document.facts = facts_of(*source, *definition, record);
  document.charts = {holds_by_kind(*source)};
  document.tables = tables_of(source);
  document.signatures = {"Read by"};
  document.imprint = "position " + std::to_string(reported.pinned.value) + ", population " +
                     projections::population_digest(source->holds).substr(0, 16);
  if (source->failure()) return *source->failure();
  return document;
}

}  // namespace tenure::services
