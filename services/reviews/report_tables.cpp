// The tables of a review's report. Each is read row by row, in an order that follows from the review alone.
#include <algorithm>

#include "events/digest.h"
#include "projections/review/rows.h"
#include "services/reviews/how_worked.h"
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

Cell text_or_nothing(std::string text) { return text.empty() ? Cell() : Cell(std::move(text)); }

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
  const projections::Hold& hold = source.review->hold(i);
  const review::Result result = campaign.result(i);
  row = {item.id, source.people.identity(item.member), std::string(review::to_text(item.kind)), source.power_of(i)};
  row.emplace_back(Instant{hold.since.us});
  const Actor* granted = source.actor_at(hold.since.position);
  row.emplace_back(granted ? Cell(source.people.name_of(*granted)) : Cell());
  row.emplace_back(number(hold.since.position));
  row.emplace_back(gives_in_words(source.under_review->holds(), hold));
  add_certificate(source, item, row);
  row.emplace_back(std::string(review::to_text(campaign.item_status(i))));
  row.emplace_back(std::string(review::to_text(result.ends)));
  row.emplace_back(text_or_nothing(result.role.text));
  row.emplace_back(std::string(result.because));
  add_decision(source, i, result.decision, row);
  row.emplace_back(item.carried ? Cell(item.carried->review) : Cell());
  row.emplace_back(item.state);
  row.emplace_back(text_or_nothing(campaign.state_now(i)));
}

Table items_of(const Source& source) {
  Table table{"items", "Items", "", {}, {}, "There are no items."};
  table.columns = {{"item", "Item", Kind::text, 20, false},
                   {"member", "Member", Kind::text, 26},
                   {"kind", "Kind", Kind::text, 10, false},
                   {"power", "Power", Kind::text, 26},
                   {"since", "Since", Kind::instant},
                   {"granted_by", "Granted by", Kind::text, 20},
                   {"granted_at_position", "By event", Kind::number, 0, false},
                   {"gives", "Gives", Kind::text, 30, false},
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
                   {"state_now", "State", Kind::text, 16, false}};
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

Table remediation_of(const Source& source) {
  Table table{"remediation",
              "Remediation",
              "Whether the log shows that what was decided was done.",
              {},
              {},
              "Nothing was to be done."};
  table.columns = {{"item", "Item", Kind::text, 20, false},
                   {"member", "Member", Kind::text, 26},
                   {"power", "Power", Kind::text, 26},
                   {"outcome", "Outcome", Kind::text, 9},
                   {"to_role", "To role", Kind::text, 12},
                   {"status", "Status", Kind::text, 9},
                   {"owner", "Owner", Kind::text, 22},
                   {"due_at", "Due", Kind::instant},
                   {"still_held", "Held by another path", Kind::text, 34}};
  table.open = [source] {
    return rows_of(source, source->tasks().size(), [](ReportSource& from, std::size_t n, Row& row) {
      const Task& task = from.tasks()[n];
      Texts still;
      for (const auto& held : task.still_held) {
        std::string through;
        for (const auto& path : held.paths) {
          through += (through.empty() ? " through " : ", ") + std::string(projections::to_text(path.kind)) +
                     (path.role.empty() ? std::string() : " " + path.role);
        }
        still.push_back(held.power.permission.text + " " + held.level.text + through);
      }
      row = {from.review->campaign->items()[task.item].id,
             from.people.identity(from.review->campaign->items()[task.item].member),
             from.power_of(task.item),
             std::string(review::to_text(task.result.ends)),
             text_or_nothing(task.result.role.text),
             std::string(to_text(task.status)),
             task.owner.empty() ? Cell() : Cell(from.people.identity(task.owner)),
             task.due_at,
             std::move(still)};
    });
  };
  return table;
}

// Of events of the review that are no decisions, which have a table of their own.
std::vector<std::uint64_t> other_events(ReportSource& source) {
  auto& facts = source.now->facts();
  const auto entity = facts.number(projections::EntityKind::review, source.review->campaign->opening().review);
  auto all = projections::review_positions(*source.org->snapshot, source.org->number, entity, 0, source.known.value);
  if (!all) {
    source.people.note(all.error());
    return {};
  }
  auto decision = source.spoken().begin();
  std::erase_if(*all, [&](std::uint64_t position) {
    while (decision != source.spoken().end() && decision->said->position < position) ++decision;
    return decision != source.spoken().end() && decision->said->position == position;
  });
  return std::move(*all);
}

Table events_of(const Source& source) {
  Table table{"events", "Events of the review", "", {}, {}, "There are no events."};
  table.columns = {{"position", "Position", Kind::number},
                   {"at", "Recorded", Kind::instant},
                   {"type", "Event", Kind::text, 20},
                   {"actor", "By", Kind::text, 26},
                   {"reason", "Reason", Kind::text, 40}};
  table.open = [source] {
    const auto positions = std::make_shared<std::vector<std::uint64_t>>(other_events(*source));
    return rows_of(source, positions->size(), [positions](ReportSource& from, std::size_t n, Row& row) {
      const Record* record = from.record((*positions)[n]);
      if (!record) return;
      row = {number(record->position.value), record->recorded_at, std::string(type_name(record->event.data)),
             from.people.name_of(record->event.actor), text_or_nothing(from.people.reason_of(*record))};
    });
  };
  return table;
}

}  // namespace

std::vector<Table> tables_of(const Source& source) {
  return {items_of(source),    decisions_of(source),   reviewers_of(source),
          findings_of(source), remediation_of(source), events_of(source)};
}

}  // namespace tenure::services
