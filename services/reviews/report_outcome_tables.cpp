// The tables of a review's report that tell what came of it: what was to be done and whether it was, and its events.
#include "events/digest.h"
#include "projections/review/rows.h"
#include "services/reviews/report_source.h"
#include "services/reviews/report_words.h"
#include "services/reviews/table_rows.h"

namespace tenure::services {

using reports::Cell;
using reports::Kind;
using reports::Row;
using reports::Table;
using reports::Texts;

using Source = std::shared_ptr<ReportSource>;

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
          for (const auto& edge : path.edges) {
            const bool found_so = from.now->facts().found_so(edge.event.position);
            through +=
                " (" + edge.what + ", event " + std::to_string(edge.event.position) + (found_so ? ", found so)" : ")");
          }
        }
        const std::string on =
            held.power.scope == 0 ? std::string() : " on " + from.now->facts().name(held.power.scope).name;
        still.push_back(held.power.permission.text + " " + held.level.text + on + through);
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

namespace {

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

// What an event of a review says, in words.
class InWords {
 public:
  explicit InWords(ReportSource& source) : source_(source) {}

  std::string operator()(const event::ReviewReassigned& e) {
    std::string text = "to " + name(e.to);
    text += e.from ? " instead of " + name(*e.from) : std::string(" beside whoever is asked");
    return text + (e.item ? ", item " + *e.item : std::string(", all items"));
  }
  std::string operator()(const event::ReviewReminded& e) {
    return name(e.reviewer) + " of " + items(e.open) + stage(e.stage);
  }
  std::string operator()(const event::ReviewEscalated& e) {
    return name(e.reviewer) + " to " + name(e.to) + ", " + items(e.open) + stage(e.stage);
  }
  std::string operator()(const event::ReviewStageEnded& e) { return e.because + stage(e.stage); }
  std::string operator()(const event::ReviewClosed& e) {
    return e.because + ": kept " + std::to_string(e.kept) + ", revoked " + std::to_string(e.revoked) + ", changed " +
           std::to_string(e.changed) + ", carried over " + std::to_string(e.carried) + ", ended " +
           std::to_string(e.ended) + ", left open " + std::to_string(e.left_open);
  }
  std::string operator()(const event::ReviewRemediated& e) {
    return "applied " + std::to_string(e.applied) + ", refused " + std::to_string(e.refused) + ", held back " +
           std::to_string(e.held_back);
  }
  template <class Other>
  std::string operator()(const Other&) {
    return {};
  }

 private:
  std::string name(const Person& person) { return source_.people.identity(person.subject); }
  static std::string items(std::uint64_t open) { return std::to_string(open) + (open == 1 ? " item" : " items"); }
  static std::string stage(std::uint64_t stage) { return ", stage " + std::to_string(stage + 1); }

  ReportSource& source_;
};

// Whose token it came with, where that is another one than who is said to have done it.
Cell recorded_by(ReportSource& source, const Record& record) {
  const auto subject = subject_from_text(record.recorded_by.principal);
  const std::string principal = subject ? source.people.identity(*subject) : record.recorded_by.principal;
  return text_or_nothing(principal);
}

}  // namespace

Table events_of(const Source& source) {
  Table table{"events", "Events of the review", "", {}, {}, "There are no events."};
  table.columns = {{"position", "Position", Kind::number},
                   {"at", "Recorded", Kind::instant},
                   {"type", "Event", Kind::text, 20},
                   {"actor", "By", Kind::text, 20},
                   {"recorded_by", "Recorded by", Kind::text, 20},
                   {"what", "What", Kind::text, 36},
                   {"reason", "Reason", Kind::text, 26}};
  table.open = [source] {
    const auto positions = std::make_shared<std::vector<std::uint64_t>>(other_events(*source));
    return rows_of(source, positions->size(), [positions](ReportSource& from, std::size_t n, Row& row) {
      const Record* record = from.record((*positions)[n]);
      if (!record) return;
      row = {number(record->position.value), record->recorded_at, std::string(type_name(record->event.data)),
             from.people.name_of(record->event.actor)};
      row.push_back(recorded_by(from, *record));
      row.push_back(text_or_nothing(std::visit(InWords(from), record->event.data)));
      row.push_back(text_or_nothing(from.people.reason_of(*record)));
    });
  };
  return table;
}

}  // namespace tenure::services
