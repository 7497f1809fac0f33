#include "services/feed/consumers.h"

#include <algorithm>

#include "projections/layout.h"
#include "services/publish.h"
#include "services/record/batch.h"
#include "services/record/rebuild.h"

namespace tenure::services {
namespace {

// Beside the Idempotency-Keys, under a letter that no other row has.
std::string row_of(std::string_view name) {
  std::string row;
  projections::put_u32(row, kept_rows);
  row += 'c';
  return row.append(name);
}

std::string row_value(Position since, Position acknowledged) {
  std::string value;
  projections::put_varint(value, since.value);
  projections::put_varint(value, acknowledged.value);
  return value;
}

void wake(Attachment& attachment) {
  const std::lock_guard lock(attachment.guard);
  attachment.waker();
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

Position before(Position position) { return Position(position.value - 1); }

Refusal no_consumer(const std::string& name) {
  return refuse(RefusalCode::not_found, "there is no consumer \"" + name + "\"; GET /v1/consumers lists them.", "name");
}

}  // namespace

Decided<void> check_consumer_name(std::string_view name, std::string_view field) {
  if (!name.empty() && name.size() <= consumer_name_bytes_max && std::all_of(name.begin(), name.end(), is_name_letter))
    return {};
  return refuse(RefusalCode::invalid_field,
                "a consumer's name is 1 to 128 letters, digits, dots, underscores and dashes.", std::string(field));
}

Outcome<void> Consumers::load(Identities& identities) {
  const auto snapshot = store_.snapshot();
  const auto number = projections::find_org(*snapshot, tenure_org);
  if (!number) return number.error();
  const auto read = each_own_record(*snapshot, [&](const Record& record) -> Outcome<void> {
    if (const auto* created = std::get_if<event::ConsumerCreated>(&record.event.data)) {
      auto principal = identities.of_subject(*snapshot, tenure_org, *number, created->principal.subject);
      if (!principal) return principal.error();
      Entry& entry = entries_[created->consumer];
      entry.consumer = {created->consumer, std::move(*principal), record.recorded_at,
                        record.position,   record.position,       before(created->position)};
      entry.consumer.orgs = created->orgs;
    } else if (const auto* sink = std::get_if<event::SinkCreated>(&record.event.data)) {
      auto principal = identities.of_subject(*snapshot, tenure_org, *number, sink->principal.subject);
      if (!principal) return principal.error();
      Consumer& consumer = entries_[sink->sink].consumer;
      consumer = {sink->sink,      std::move(*principal), record.recorded_at,
                  record.position, record.position,       before(sink->position)};
      consumer.sink = true;
      consumer.orgs = sink->orgs;
    } else if (const auto* gone = std::get_if<event::SinkDeleted>(&record.event.data)) {
      entries_.erase(gone->sink);
    } else if (const auto* reset = std::get_if<event::ConsumerReset>(&record.event.data)) {
      const auto found = entries_.find(reset->consumer);
      if (found == entries_.end()) return {};
      found->second.consumer.since = record.position;
      found->second.consumer.acknowledged = before(reset->position);
    } else if (const auto* deleted = std::get_if<event::ConsumerDeleted>(&record.event.data)) {
      entries_.erase(deleted->consumer);
    }
    return {};
  });
  if (!read) return read;
  for (auto& [name, entry] : entries_) {
    std::string value;
    const auto found = snapshot->get(row_of(name), value);
    if (!found) return found.error();
    projections::Reader in{value};
    const Position since(in.varint()), acknowledged(in.varint());
    if (*found && in.good && since == entry.consumer.since) {
      entry.consumer.acknowledged = std::min(acknowledged, snapshot->head());
    }
    entry.written = entry.consumer.acknowledged;
    entry.sent = snapshot->head();
  }
  return {};
}

// Whoever is connected is told that it no longer is.
void Consumers::let_go(Entry& entry) {
  if (const auto old = std::exchange(entry.attached, nullptr)) {
    entry.sent = std::max(entry.sent, Position(old->sent));
    old->lost = true;
    wake(*old);
  }
}

namespace {

std::vector<std::string> sorted(std::vector<std::string> orgs) {
  std::sort(orgs.begin(), orgs.end());
  orgs.erase(std::unique(orgs.begin(), orgs.end()), orgs.end());
  return orgs;
}

// Not by name: one of the two tokens may not know them.
std::string counted(const std::vector<std::string>& orgs) {
  if (orgs.empty()) return "all organizations";
  return std::to_string(orgs.size()) + (orgs.size() == 1 ? " organization" : " organizations") + " alone";
}

}  // namespace

std::optional<Refusal> sees_otherwise(const Consumer& consumer, std::vector<std::string> orgs, std::string_view field) {
  orgs = sorted(std::move(orgs));
  if (orgs == consumer.orgs) return std::nullopt;
  return refuse(RefusalCode::forbidden,
                "the consumer \"" + consumer.name + "\" was made with a token that sees " + counted(consumer.orgs) +
                    ", and this one sees others or " + counted(orgs) +
                    ": what one is not sent, the other would miss. Use a token that sees the same, or a consumer of "
                    "another name.",
                std::string(field));
}

Consumers::Attached Consumers::attach(const std::string& name, Position first, std::vector<std::string> orgs,
                                      const Recording& by) {
  const std::lock_guard one(making_);
  std::optional<Consumer> known = find(name);
  if (known && known->sink) {
    return refuse(RefusalCode::forbidden,
                  "the consumer \"" + name + "\" is a sink's, which the server itself feeds; choose another name.",
                  "consumer");
  }
  if (known && known->principal != by.principal) {
    return refuse(RefusalCode::forbidden, "the consumer \"" + name + "\" is another principal's.", "consumer");
  }
  if (known) {
    if (auto no = sees_otherwise(*known, std::move(orgs), "consumer")) return *no;
  } else {
    if (auto no = too_many_of(by.principal)) return *no;
    if (auto no = too_many("consumer")) return *no;
    orgs = sorted(std::move(orgs));
    const auto result = append_own(appends_, event::ConsumerCreated{name, orgs, first, {by.principal, {}}}, by);
    if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
    if (const auto* refusals = std::get_if<Refusals>(&result)) return refusals->front();
    const auto& answer = std::get<AppendAnswer>(result);
    const Position at = answer.items.front().position;
    known = Consumer{name, by.principal, answer.recorded_at, at, at, before(first)};
    known->orgs = std::move(orgs);
  }
  const std::lock_guard lock(guard_);
  Entry& entry = entries_[name];
  if (entry.consumer.name.empty()) {
    entry.consumer = *known;
    entry.written = known->acknowledged;
  }
  return hold(entry);
}

std::optional<Refusal> Consumers::too_many_of(const std::string& principal) const {
  const std::lock_guard lock(guard_);
  const auto own = std::count_if(entries_.begin(), entries_.end(), [&](const auto& one) {
    return one.second.consumer.principal == principal && !one.second.consumer.sink;
  });
  if (static_cast<std::size_t>(own) < consumers_a_principal_max) return std::nullopt;
  return refuse(RefusalCode::too_large,
                "there are " + std::to_string(consumers_a_principal_max) + " consumers of \"" + principal +
                    "\", as many as one principal may have; delete one.",
                "consumer");
}

std::optional<Refusal> Consumers::too_many(std::string_view field) const {
  if (all().size() < consumers_max) return std::nullopt;
  return refuse(RefusalCode::too_large,
                "there are " + std::to_string(consumers_max) + " consumers, as many as may be; delete one.",
                std::string(field));
}

// Under `guard_`: whoever was connected no longer is.
std::shared_ptr<Attachment> Consumers::hold(Entry& entry) {
  let_go(entry);
  auto attachment = std::make_shared<Attachment>();
  attachment->consumer = entry.consumer.name;
  attachment->next = entry.consumer.acknowledged.next();
  attachment->durable = entry.written.value;
  entry.attached = attachment;
  return attachment;
}

AppendResult Consumers::make_for_sink(const event::SinkCreated& sink, const Recording& by) {
  const std::lock_guard one(making_);
  if (find(sink.sink)) {
    return Refusals{refuse(RefusalCode::already_exists,
                           "there is a consumer \"" + sink.sink + "\" already, and a sink is one; choose another name.",
                           "/sink")};
  }
  if (auto no = too_many("/sink")) return Refusals{*no};
  auto result = append_own(appends_, sink, by);
  if (const auto* answer = std::get_if<AppendAnswer>(&result)) {
    const std::lock_guard lock(guard_);
    Entry& entry = entries_[sink.sink];
    const Position at = answer->items.front().position;
    entry.consumer = {sink.sink, by.principal, answer->recorded_at, at, at, before(sink.position)};
    entry.consumer.sink = true;
    entry.consumer.orgs = sink.orgs;
    entry.written = entry.consumer.acknowledged;
  }
  return result;
}

std::shared_ptr<Attachment> Consumers::attach_sink(std::string_view name) {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : hold(found->second);
}

void Consumers::detach(const std::shared_ptr<Attachment>& attachment) {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(attachment->consumer);
  if (found == entries_.end() || found->second.attached != attachment) return;
  found->second.sent = found->second.sent_in_all();
  found->second.attached.reset();
}

bool Consumers::acknowledge(const Attachment& attachment, Position position) {
  bool first = false;
  {
    const std::lock_guard lock(guard_);
    const auto found = entries_.find(attachment.consumer);
    if (found == entries_.end() || found->second.attached.get() != &attachment) return false;
    move_to(found->second, position, first);
  }
  if (first && told_) told_();
  return true;
}

Position Consumers::Entry::sent_in_all() const { return attached ? std::max(sent, Position(attached->sent)) : sent; }

Consumers::Acknowledged Consumers::acknowledge(const Consumer& seen, Position position) {
  bool first = false;
  {
    const std::lock_guard lock(guard_);
    const auto found = entries_.find(seen.name);
    if (found == entries_.end() || found->second.consumer.made != seen.made) return no_consumer(seen.name);
    const Position sent = std::max(found->second.sent_in_all(), found->second.consumer.acknowledged);
    if (position > sent) {
      return refuse(RefusalCode::invalid_cursor,
                    "position " + std::to_string(position.value) +
                        " has not been sent to the consumer since it was made or reset; " + std::to_string(sent.value) +
                        " is the newest that has.",
                    "/position");
    }
    move_to(found->second, position, first);
  }
  if (first && told_) told_();
  if (auto failed = wait_until_durable(seen, position)) return std::move(*failed);
  return {};
}

// Forward only: what was acknowledged once stays so.
void Consumers::move_to(Entry& entry, Position position, bool& first) {
  if (position <= entry.consumer.acknowledged) return;
  entry.consumer.acknowledged = position;
  first = !std::exchange(dirty_, true);
}

std::vector<Consumer> Consumers::all() const {
  const std::lock_guard lock(guard_);
  std::vector<Consumer> consumers;
  for (const auto& [name, entry] : entries_) {
    consumers.push_back(entry.consumer);
    consumers.back().connected = entry.attached != nullptr;
    consumers.back().durable = entry.written;
  }
  return consumers;
}

std::optional<Consumer> Consumers::find(std::string_view name) const {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  Consumer consumer = found->second.consumer;
  consumer.connected = found->second.attached != nullptr;
  consumer.durable = found->second.written;
  return consumer;
}

bool Consumers::is_there(const Consumer& seen) const {
  const auto now = find(seen.name);
  return now && now->made == seen.made;
}

AppendResult Consumers::reset(const Consumer& seen, Position next, const Recording& by) {
  const std::lock_guard one(making_);
  if (!is_there(seen)) return Refusals{no_consumer(seen.name)};
  auto result = append_own(appends_, event::ConsumerReset{seen.name, next}, by);
  if (const auto* answer = std::get_if<AppendAnswer>(&result)) {
    const std::lock_guard lock(guard_);
    Entry& entry = entries_.at(seen.name);
    let_go(entry);
    entry.consumer.since = answer->items.front().position;
    entry.consumer.acknowledged = entry.written = entry.sent = before(next);
  }
  return result;
}

AppendResult Consumers::remove(const Consumer& seen, const Recording& by) {
  return remove_by(event::ConsumerDeleted{seen.name}, seen, by);
}

// A sink's is made and deleted with it, one at a time.
AppendResult Consumers::remove_with_sink(const std::string& sink, const Recording& by) {
  const auto seen = find(sink);
  return seen ? remove_by(event::SinkDeleted{sink}, *seen, by) : Refusals{no_consumer(sink)};
}

AppendResult Consumers::remove_by(EventPayload deleted, const Consumer& seen, const Recording& by) {
  const std::lock_guard one(making_);
  if (!is_there(seen)) return Refusals{no_consumer(seen.name)};
  auto result = append_own(appends_, std::move(deleted), by);
  if (std::holds_alternative<AppendAnswer>(result)) {
    {
      const std::lock_guard lock(guard_);
      let_go(entries_.at(seen.name));
      entries_.erase(seen.name);
    }
    // The row means nothing any more; that it goes is tidiness.
    appends_.submit_rows({{row_of(seen.name), std::nullopt}}, [](const Outcome<void>&) {});
  }
  return result;
}

bool Consumers::write_acknowledged() {
  std::vector<Writing> rows;
  std::vector<storage::ViewWrite> writes;
  {
    const std::lock_guard lock(guard_);
    if (writing_ || !dirty_) return false;
    dirty_ = false;
    for (const auto& [name, entry] : entries_) {
      const Consumer& consumer = entry.consumer;
      if (consumer.acknowledged == entry.written) continue;
      rows.push_back({name, consumer.since, consumer.acknowledged});
      writes.push_back({row_of(name), row_value(consumer.since, consumer.acknowledged)});
    }
    if (rows.empty()) return false;
    writing_ = true;
  }
  appends_.submit_rows(std::move(writes),
                       [this, rows = std::move(rows)](const Outcome<void>& done) { wrote(rows, done); });
  return true;
}

void Consumers::wrote(const std::vector<Writing>& rows, const Outcome<void>& done) {
  bool more = false;
  {
    const std::lock_guard lock(guard_);
    writing_ = false;
    ++writings_;
    writing_failed_ = done ? std::nullopt : std::optional(done.error());
    for (const Writing& row : rows) {
      const auto found = entries_.find(row.name);
      if (found == entries_.end() || found->second.consumer.since != row.since) continue;
      if (!done) {
        dirty_ = true;
        continue;
      }
      Entry& entry = found->second;
      entry.written = row.position;
      if (!entry.attached) continue;
      entry.attached->durable = row.position.value;
      wake(*entry.attached);
    }
    more = dirty_;
    written_.notify_all();
  }
  // What came meanwhile, or failed, is written in its turn.
  if (more && told_) told_();
}

// A writing under way may have begun before the acknowledgement came; the one behind it has it.
std::optional<Failure> Consumers::wait_until_durable(const Consumer& seen, Position position) {
  std::unique_lock lock(guard_);
  const auto is_over = [&] {
    const auto found = entries_.find(seen.name);
    // Deleted or reset meanwhile: that came later, and stands.
    return found == entries_.end() || found->second.consumer.made != seen.made ||
           found->second.consumer.acknowledged < position || found->second.written >= position;
  };
  for (bool ours = false; !is_over(); ours = true) {
    if (writing_) {
      written_.wait(lock, [this, before = writings_] { return writings_ != before; });
      if (ours && writing_failed_) return writing_failed_;
    }
    lock.unlock();
    (void)write_acknowledged();
    lock.lock();
    if (!writing_ && !is_over()) return writing_failed_.value_or(fail(FailureCode::io, "it could not be written"));
  }
  return std::nullopt;
}

void Consumers::flush() {
  std::unique_lock lock(guard_);
  written_.wait(lock, [this] { return !writing_; });
  lock.unlock();
  if (!write_acknowledged()) return;
  lock.lock();
  written_.wait(lock, [this] { return !writing_; });
}

}  // namespace tenure::services
