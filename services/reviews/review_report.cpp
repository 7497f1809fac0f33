#include "services/reviews/review_report.h"

#include <algorithm>

#include "services/reviews/desk.h"
#include "services/reviews/report_source.h"
#include "services/reviews/report_words.h"

namespace tenure::services {

namespace {

using reports::Bar;
using reports::Chart;
using reports::Document;
using reports::Fact;
using reports::Tone;
using review::Campaign;
using review::Ends;
using review::ItemIndex;

constexpr std::size_t progress_points_max = 200;

std::vector<Fact> facts_of(ReportSource& source) {
  const Review& review = *source.review;
  const event::ReviewOpened& opening = review.opening();
  const Campaign& campaign = *review.campaign;
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  std::vector<Fact> facts{
      {"review", "Review", campaign.opening().review},
      {"status", "Status", std::string(review::to_text(campaign.status()))},
      {"definition", "Definition", opening.definition ? reports::Cell(*opening.definition) : reports::Cell()},
      {"scope", "Scope", scope_in_words(campaign.definition().scope)},
      {"as_of", "State under review", opening.as_of},
      {"opened_at", "Opened", campaign.opening().opened_at},
      {"opened_by", "Opened by", source.people.name_of(review.opened.event.actor)},
      {"due_at", "Due", opening.due_at},
  };
  if (campaign.ended_by() != 0) {
    const auto ended = record_at(*source.org->snapshot, campaign.ended_by());
    if (ended) {
      facts.push_back({"ended_at", "Ended", ended->recorded_at});
      facts.push_back({"ended_by", "Ended by", source.people.name_of(ended->event.actor)});
    } else {
      source.people.note(ended.error());
    }
  }
  facts.push_back({"population", "Items", number(opening.items)});
  add_found_so(facts, std::count_if(review.holds->begin(), review.holds->end(), [&](const projections::Hold& hold) {
                 return source.when_opened->facts().found_so(hold.since.position);
               }));
  facts.push_back({"population_digest", "Digest of items", opening.items_digest});
  facts.push_back({"population_query", "The same list",
                   "GET /v1/orgs/" + source.org->id.text + "/reviews/" + campaign.opening().review + "/items"});
  facts.push_back({"pinned_position", "Pinned to position", number(opening.pinned.value)});
  add_place(facts, source.people, *source.org, {"pinned_", "when pinned"}, opening.pinned);
  facts.push_back({"position", "Known at position", number(source.known.value)});
  add_place(facts, source.people, *source.org, {}, source.known);
  return facts;
}

std::vector<Chart> charts_of(ReportSource& source) {
  const Campaign& campaign = *source.review->campaign;
  const review::Counts counts = campaign.counts();
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  Chart outcomes{"outcomes",
                 "Outcomes",
                 {{"Kept", number(counts.keep), Tone::good},
                  {"Carried over", number(counts.carried), Tone::muted},
                  {"Changed", number(counts.change), Tone::caution},
                  {"Revoked", number(counts.revoke), Tone::bad},
                  {"Ended meanwhile", number(counts.ended), Tone::muted},
                  {"Without an answer", number(counts.unanswered), Tone::plain}},
                 {},
                 0};
  std::vector<Instant> decided;
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const review::Result result = campaign.result(i);
    if (result.because != "decided") continue;
    for (const review::Said& said : campaign.said(i)) {
      if (said.position == result.decision) decided.push_back(said.at);
    }
  }
  std::sort(decided.begin(), decided.end());
  reports::Series line{"Decided", {{campaign.opening().opened_at, 0}}, Tone::good};
  const std::size_t step = decided.size() / progress_points_max + 1;
  for (std::size_t i = 0; i < decided.size(); ++i) {
    if (i % step == 0 || i + 1 == decided.size()) line.points.push_back({decided[i], number(i + 1)});
  }
  if (source.review->at > line.points.back().at) {
    line.points.push_back({source.review->at, line.points.back().value});
  }
  Chart progress{"progress", "Items decided over time", {}, {std::move(line)}, number(campaign.items().size())};
  return {std::move(outcomes), std::move(progress)};
}

}  // namespace

Outcome<std::optional<Document>> review_report(Parts& parts, std::shared_ptr<OpenOrg> org, const std::string& id,
                                               Position known) {
  auto review = parts.reviews->reviews.as_known_at(*org, id, known);
  if (!review) return review.error();
  if (!*review) return std::optional<Document>();
  auto made = ReportSource::make(parts, std::move(org), std::move(*review), known);
  if (!made) return made.error();
  const std::shared_ptr<ReportSource> source = std::move(*made);
  const Campaign& campaign = *source->review->campaign;
  Document document;
  document.title = campaign.definition().name.empty() ? "Access review" : campaign.definition().name;
  document.organization = source->org->id.text;
  document.summary = campaign.definition().description;
  document.created = source->known_at;
  document.facts = facts_of(*source);
  document.charts = charts_of(*source);
  document.tables = tables_of(source);
  document.signatures = {"Reviewed by", "Approved by"};
  document.imprint = "position " + std::to_string(known.value) + ", population " +
                     source->review->opening().items_digest.substr(0, 16);
  if (source->people.failure()) return *source->people.failure();
  return std::optional(std::move(document));
}

}  // namespace tenure::services
