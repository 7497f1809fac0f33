#include "services/reviews/everyone.h"

#include "services/reviews/report_words.h"

namespace tenure::services {

using projections::EntityKind;
using projections::Live;
using projections::SlotKind;
using reports::Cell;
using reports::Kind;
using reports::Row;
using reports::Table;

namespace {

// By whom what stands at a position was done, and on what basis; four empty cells where nobody did anything, as of an
// initial value.
void add_event(const projections::Point& since, Sight& sight, ShownPeople& people, storage::Snapshot& snapshot,
               Row& row) {
  if (since.position == 0) {
    row.resize(row.size() + 4);
    return;
  }
  row.emplace_back(Instant{since.us});
  row.emplace_back(static_cast<std::int64_t>(since.position));
  const auto record = record_at(snapshot, since.position);
  if (!record) people.note(record.error());
  row.push_back(record ? Cell(people.name_of(record->event.actor)) : Cell());
  row.push_back(basis_cell(sight.facts(), since.position));
}

void add_grants(Sight& sight, ShownPeople& people, storage::Snapshot& snapshot, std::vector<Row>& rows) {
  auto& facts = sight.facts();
  const auto [first, last] = facts.state(facts.org_entity()).of_kind(SlotKind::grant);
  for (const Live* grant = first; grant != last; ++grant) {
    const auto scope = grant->slot.a, role = grant->slot.b;
    const bool counts = sight.access().role_exists(role) && sight.access().resource_exists(scope, grant->at) &&
                        !sight.access().ended_since(role, grant->at);
    if (!counts) continue;
    Row& row = rows.emplace_back();
    row = {facts.name(role).name, facts.name(scope).name, std::string("grant to everyone")};
    add_event(grant->since, sight, people, snapshot, row);
  }
}

void add_settings(Sight& sight, ShownPeople& people, storage::Snapshot& snapshot, std::vector<Row>& rows) {
  auto& facts = sight.facts();
  for (const SettingRule& rule : sight.model()->settings()) {
    std::string value = rule.initial;
    projections::Point since{};
    const auto number = facts.number(EntityKind::setting, rule.id.text);
    const auto* set = number == 0 ? nullptr : facts.state(facts.org_entity()).find({SlotKind::setting, number});
    if (set) {
      value = facts.name(set->value).name;
      since = set->since;
    }
    for (const SettingValue& option : rule.values) {
      if (option.value != value || !option.everyone_role) continue;
      Row& row = rows.emplace_back();
      row = {sight.model()->roles()[*option.everyone_role].id.text, rule.on_kind + ":*",
             "setting " + rule.id.text + " = " + value};
      add_event(since, sight, people, snapshot, row);
    }
  }
}

}  // namespace

Table everyone_table(Sight& sight, ShownPeople& people, storage::Snapshot& snapshot) {
  Table table{
      "everyone",
      "What everyone has",
      "Every member has this, whatever they hold and whatever the scope. It is nobody's hold, so nobody is asked "
      "about it; it ends by revoking the grant or by another setting.",
      {},
      {},
      "Nothing is given to everyone."};
  table.columns = {{"role", "Role", Kind::text, 24},
                   {"on", "On", Kind::text, 30},
                   {"through", "Through", Kind::text, 34},
                   {"since", "Since", Kind::instant},
                   {"position", "By event", Kind::number},
                   {"by", "By", Kind::text, 24},
                   basis_column()};
  std::vector<Row> rows;
  add_grants(sight, people, snapshot, rows);
  add_settings(sight, people, snapshot, rows);
  table.open = reports::rows_at_hand(std::move(rows));
  return table;
}

}  // namespace tenure::services
