// The tables of a review's report. Each is read row by row, in an order that follows from the review alone.
#include <algorithm>

#include "events/digest.h"
#include "services/reviews/everyone.h"
#include "services/reviews/how_worked.h"
#include "services/reviews/report_source.h"
#include "services/reviews/report_words.h"
#include "services/reviews/table_rows.h"

namespace tenure::services {

namespace {

using reports::Cell;
using reports::Column;
using reports::Kind;
using reports::Row;
using reports::Table;
using reports::Texts;
using review::Campaign;
using review::ItemIndex;

using Source = std::shared_ptr<ReportSource>;

// By whom and when an item was decided, and the position of that: its own decision, or an earlier review's, or the
// event by which the hold ended.
void add_decision(ReportSource& source, ItemIndex i, std::uint64_t position, Row& row) {
  const auto& said = source.review->campaign->said(i);
  const auto own = std::find_if(said.begin(), said.end(), [&](const auto& one) { return one.position == position; });
  if (own != said.end()) {
    row.emplace_back(source.people.identity(own->reviewer));
    row.emplace_back(own->at);
    row.emplace_back(number(position));
    return;
  }
  const Record* decided = position == 0 ? nullptr : source.record(position);
  row.emplace_back(decided ? Cell(source.people.name_of(decided->event.actor)) : Cell());
  row.emplace_back(decided ? Cell(decided->recorded_at) : Cell());
  row.emplace_back(decided ? number(position) : Cell());
}

// When an earlier review last certified the hold, who decided so, and in which review.
void add_certificate(ReportSource& source, const review::Item& item, Row& row) {
  const auto certificate = source.review->certificates->find(item.id);
  if (certificate == source.review->certificates->end()) {
    row.resize(row.size() + 3);
    return;
  }
  const Record* decision = source.record(certificate->second.decision);
  row.push_back(decision ? Cell(decision->recorded_at) : Cell());
  row.push_back(decision ? Cell(source.people.name_of(decision->event.actor)) : Cell());
  row.emplace_back(certificate->second.review);
}

void fill_item(ReportSource& source, ItemIndex i, Row& row) {
  const Campaign& campaign = *source.review->campaign;
  const review::Item& item = campaign.items()[i];
  const projections::Hold hold = source.review->hold_in(source.under_review->holds(), i);
  const review::Result result = campaign.result(i);
  row = {item.id, source.people.identity(item.member), std::string(review::to_text(item.kind)), source.power_of(i)};
  const std::string now = power_in_words(source.under_review->facts(), hold);
  row.push_back(now == source.power_of(i) ? Cell() : Cell(now));
  row.emplace_back(Instant{hold.since.us});
  const Actor* granted = source.actor_at(hold.since.position);
  row.emplace_back(granted ? Cell(source.people.name_of(*granted)) : Cell());
  row.emplace_back(number(hold.since.position));
  row.push_back(basis_cell(source.under_review->facts(), hold.since.position));
  row.emplace_back(gives_in_words(source.under_review->holds(), hold));
  row.emplace_back(limits_in_words(source.under_review->holds(), hold));
  add_certificate(source, item, row);
  row.emplace_back(std::string(review::to_text(campaign.item_status(i))));
  row.emplace_back(std::string(review::to_text(result.ends)));
  row.emplace_back(text_or_nothing(result.role.text));
  row.emplace_back(std::string(result.because));
  add_decision(source, i, result.decision, row);
  row.emplace_back(item.carried ? Cell(item.carried->review) : Cell());
  row.emplace_back(item.state);
  row.emplace_back(text_or_nothing(campaign.state_now(i)));
  row.emplace_back(source.now->holds().now(hold).has_value());
}

Table items_of(const Source& source) {
  Table table{"items", "Items", found_so_note, {}, {}, "There are no items."};
  table.columns = {{"item", "Item", Kind::text, 20, false},
                   {"member", "Member", Kind::text, 26},
                   {"kind", "Kind", Kind::text, 10, false},
                   {"power", "Power", Kind::text, 26},
                   {"became", "Became", Kind::text, 16, false},
                   {"since", "Since", Kind::instant},
                   {"granted_by", "Granted by", Kind::text, 20},
                   {"granted_at_position", "By event", Kind::number, 0, false},
                   basis_column(),
                   {"gives", "Gives", Kind::text, 30, false},
                   {"limits", "Limits", Kind::text, 20, false},
                   {"last_certified_at", "Last certified", Kind::instant, 0, false},
                   {"last_certified_by", "Last certified by", Kind::text, 20, false},
                   {"last_certified_in", "Last certified in", Kind::text, 14, false},
                   {"status", "Status", Kind::text, 9},
                   {"outcome", "Outcome", Kind::text, 10},
                   {"to_role", "To role", Kind::text, 12, false},
                   {"because", "Because", Kind::text, 10},
                   {"decided_by", "Decided by", Kind::text, 20},
                   {"decided_at", "Decided", Kind::instant},
                   {"decision", "Decision at position", Kind::number, 0, false},
                   {"carried_over_from", "Carried over from", Kind::text, 14},
                   {"state", "State when opened", Kind::text, 16, false},
                   {"state_now", "State", Kind::text, 16, false},
                   {"held", "Held", Kind::yes_no}};
  table.open = [source] {
    return rows_of(source, source->review->campaign->items().size(), [](ReportSource& from, std::size_t i, Row& row) {
      fill_item(from, static_cast<ItemIndex>(i), row);
    });
  };
  return table;
}

Table decisions_of(const Source& source) {
  Table table{"decisions", "Decisions", "", {}, {}, "Nothing was decided."};
  table.columns = {{"position", "Position", Kind::number},
                   {"at", "Decided", Kind::instant},
                   {"reviewer", "Reviewer", Kind::text, 22},
                   {"member", "Member", Kind::text, 24},
                   {"power", "Power", Kind::text, 24},
                   {"decision", "Decision", Kind::text, 9},
                   {"to", "To", Kind::text, 14},
                   {"stage", "Stage", Kind::number},
                   {"counts", "Counts", Kind::yes_no},
                   {"reason", "Reason", Kind::text, 30},
                   {"seconds", "Seconds since the last", Kind::number, 0, false},
                   {"call", "In one call", Kind::text, 12, false},
                   {"recorded_by", "Recorded by", Kind::text, 20, false},
                   {"state", "State that was seen", Kind::text, 16, false},
                   {"item", "Item", Kind::text, 20, false}};
  table.open = [source] {
    return rows_of(source, source->spoken().size(), [](ReportSource& from, std::size_t n, Row& row) {
      const auto& [item, said, seconds] = from.spoken()[n];
      const Campaign& campaign = *from.review->campaign;
      row = {number(said->position),
             said->at,
             from.people.identity(said->reviewer),
             from.people.identity(campaign.items()[item].member),
             from.power_of(item),
             std::string(to_text(said->verb))};
      row.push_back(text_or_nothing(!said->role.empty() ? said->role.text
                                    : said->to.empty()  ? std::string()
                                                        : from.people.identity(said->to)));
      row.push_back(number(said->stage + std::uint64_t{1}));
      row.emplace_back(campaign.counts(item, *said));
      const Record* record = said->has_reason ? from.record(said->position) : nullptr;
      row.push_back(text_or_nothing(record ? from.people.reason_of(*record) : std::string()));
      row.push_back(seconds ? Cell(*seconds) : Cell());
      row.push_back(text_or_nothing(said->call));
      row.emplace_back(said->recorded_by.empty() ? std::string("tenure") : from.people.identity(said->recorded_by));
      row.emplace_back(said->state);
      row.emplace_back(campaign.items()[item].id);
    });
  };
  return table;
}

Table reviewers_of(const Source& source) {
  Table table{"reviewers", "Reviewers", "", {}, {}, "Nobody decided anything."};
  table.columns = {{"reviewer", "Reviewer", Kind::text, 26}, {"decisions", "Decisions", Kind::number},
                   {"keep", "Keep", Kind::number},           {"revoke", "Revoke", Kind::number},
                   {"change", "Change", Kind::number},       {"delegated", "Delegated", Kind::number},
                   {"in_bulk", "In bulk", Kind::number},     {"signals", "Signals", Kind::text, 40}};
  table.open = [source] {
    const auto workers = std::make_shared<std::vector<Worked>>(workers_of(*source));
    return rows_of(source, workers->size(), [workers](ReportSource& from, std::size_t n, Row& row) {
      const Worked& worked = (*workers)[n];
      row = {from.people.identity(worked.reviewer),
             number(worked.decisions),
             number(worked.keep),
             number(worked.revoke),
             number(worked.change),
             number(worked.delegated),
             number(worked.in_bulk),
             signals_of(worked)};
    });
  };
  return table;
}

Table findings_of(const Source& source) {
  Table table{"findings", "Findings at the opening", "", finding_columns(), {}, "Nothing was found."};
  table.open = [source] {
    return rows_of(source, source->findings().size(), [](ReportSource& from, std::size_t n, Row& row) {
      row = finding_row(*from.when_opened, from.people, from.findings()[n]);
    });
  };
  return table;
}

}  // namespace

std::vector<Table> tables_of(const Source& source) {
  return {items_of(source),     everyone_table(*source->under_review, source->people, *source->org->snapshot),
          decisions_of(source), reviewers_of(source),
          findings_of(source),  remediation_of(source),
          events_of(source)};
}

}  // namespace tenure::services
