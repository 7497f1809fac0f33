// The tables of a report on access. Each is read row by row, in an order that follows from the record alone.
#include "services/reviews/access_source.h"
#include "services/reviews/everyone.h"
#include "services/reviews/report_words.h"
#include "services/reviews/table_rows.h"

namespace tenure::services {

namespace {

using reports::Cell;
using reports::Kind;
using reports::Row;
using reports::Table;

using Source = std::shared_ptr<AccessSource>;

// Which event it was, and whose: its position, its type, by whom, on what basis. Four empty cells where there was none.
void add_event(AccessSource& from, std::uint64_t position, Row& row) {
  if (position == 0) {
    row.resize(row.size() + 4);
    return;
  }
  const auto record = record_at(*from.org->snapshot, position);
  if (!record) from.people.note(record.error());
  row.push_back(number(position));
  row.push_back(record ? Cell(std::string(type_name(record->event.data))) : Cell());
  row.push_back(record ? Cell(from.people.name_of(record->event.actor)) : Cell());
  row.push_back(basis_cell(from.sight->facts(), position));
}

Table holds_of(const Source& source) {
  Table table{"holds", "Who holds what", found_so_note, {}, {}, "Nobody holds anything."};
  table.columns = {{"member", "Member", Kind::text, 28},
                   {"kind", "Kind", Kind::text, 10},
                   {"power", "Power", Kind::text, 34},
                   {"since", "Since", Kind::instant},
                   {"position", "By event", Kind::number, 0, false},
                   {"event", "Event", Kind::text, 18, false},
                   {"granted_by", "Granted by", Kind::text, 24},
                   basis_column(),
                   {"gives", "Gives", Kind::text, 30, false},
                   {"limits", "Limits", Kind::text, 20, false},
                   {"item", "Hold", Kind::text, 20, false},
                   {"state", "State", Kind::text, 16, false}};
  table.open = [source] {
    return rows_of(source, source->holds.size(), [](AccessSource& from, std::size_t n, Row& row) {
      const auto& [hold, id, state] = from.holds[n];
      row = {from.identity(hold.member), std::string(review::to_text(hold.kind)),
             power_in_words(from.sight->facts(), hold)};
      row.push_back(Instant{hold.since.us});
      add_event(from, hold.since.position, row);
      row.emplace_back(gives_in_words(from.sight->holds(), hold));
      row.emplace_back(limits_in_words(from.sight->holds(), hold));
      row.emplace_back(id);
      row.emplace_back(state);
    });
  };
  return table;
}

// `turns`: which of the source's.
Table with_turns(const Source& source, Table table, std::vector<projections::HoldChange> AccessSource::*turns) {
  table.columns = {{"at", "When", Kind::instant},
                   {"change", "Change", Kind::text, 11},
                   {"member", "Member", Kind::text, 28},
                   {"kind", "Kind", Kind::text, 10},
                   {"power", "Power", Kind::text, 30},
                   {"position", "By event", Kind::number, 0, false},
                   {"event", "Event", Kind::text, 20},
                   {"actor", "By", Kind::text, 24},
                   basis_column()};
  table.open = [source, turns] {
    return rows_of(source, ((*source).*turns).size(), [turns](AccessSource& from, std::size_t n, Row& row) {
      const auto& [hold, turn, by] = (from.*turns)[n];
      row = {Instant{by.us}, std::string(projections::to_text(turn)), from.identity(hold.member),
             std::string(review::to_text(hold.kind)), power_in_words(from.sight->facts(), hold)};
      add_event(from, by.position, row);
    });
  };
  return table;
}

Table changes_of(const Source& source) {
  return with_turns(source,
                    {"changes",
                     "What changed in the period",
                     "Each time that a hold in scope was given, ended, or came to give something else; also of what "
                     "was given and ended again.",
                     {},
                     {},
                     "Nothing was given, ended or changed."},
                    &AccessSource::changes);
}

Table late_of(const Source& source) {
  return with_turns(source,
                    {"late",
                     "What was learnt late",
                     "Holds in scope that stood otherwise at the beginning of the period than the report before this "
                     "one told, by events that were recorded after it.",
                     {},
                     {},
                     "Nothing was learnt late of what an earlier report told."},
                    &AccessSource::late);
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

Table powers_of(const Source& source) {
  Table table{"powers",
              "Who can do otherwise",
              "Of everybody who held something in scope, by all that they hold, the beginning of the period beside its "
              "end. What was gained and lost again between has no line here.",
              {},
              {},
              "No power differs."};
  table.columns = {{"member", "Member", Kind::text, 28},
                   {"change", "Change", Kind::text, 8},
                   {"permission", "Permission", Kind::text, 28},
                   {"on", "On", Kind::text, 28},
                   {"before", "Before", Kind::text, 12},
                   {"after", "After", Kind::text, 12},
                   {"position", "By event", Kind::number},
                   {"event", "Event", Kind::text, 20},
                   {"actor", "By", Kind::text, 24},
                   basis_column()};
  table.open = [source] {
    return rows_of(source, source->diff.rows.size(), [](AccessSource& from, std::size_t n, Row& row) {
      const projections::DiffRow& change = from.diff.rows[n];
      row = {from.identity(change.member),
             std::string(projections::to_text(change.difference)),
             from.diff.permissions[change.permission].id.text,
             changed_on(from, change),
             std::string(change.before.level),
             std::string(change.after.level)};
      add_event(from, change.cause, row);
    });
  };
  return table;
}

Table findings_of(const Source& source) {
  Table table{"findings", "Findings", "", finding_columns(), {}, "Nothing was found."};
  table.open = [source] {
    return rows_of(source, source->findings.size(), [](AccessSource& from, std::size_t n, Row& row) {
      row = finding_row(*from.sight, from.people, *from.findings[n]);
    });
  };
  return table;
}

}  // namespace

std::vector<Table> tables_of(const Source& source) {
  return {holds_of(source),   everyone_table(*source->sight, source->people, *source->org->snapshot),
          changes_of(source), late_of(source),
          powers_of(source),  findings_of(source)};
}

}  // namespace tenure::services
