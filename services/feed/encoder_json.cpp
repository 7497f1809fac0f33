#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "events/digest.h"
#include "events/people.h"
#include "events/wire/canonical_json.h"
#include "events/wire/record_gist.h"
#include "events/wire/record_wire.h"
#include "services/feed/encoder.h"
#include "services/feed/envelope.h"

namespace tenure::services {

namespace {

// What most records need is kept for the next ones; a long one's room is given back.
class RoomKept {
 public:
  explicit RoomKept(std::string& text) : text_(text) {}
  ~RoomKept() {
    if (text_.capacity() > room_max) text_ = std::string();
  }
  RoomKept(const RoomKept&) = delete;
  RoomKept& operator=(const RoomKept&) = delete;

 private:
  static constexpr std::size_t room_max = 4'096;
  std::string& text_;
};

}  // namespace

std::shared_ptr<const Block> FeedEncoder::encode(storage::Snapshot& snapshot, const Kind& kind, Position first,
                                                 Position last) {
  std::size_t bytes = 0, count = 0;
  const auto read = snapshot.records(first, [&](const storage::LogRecord& record) {
    bytes += record.bytes.size();
    if (count == records_.size()) records_.emplace_back();
    records_[count++] = record;
    return record.position < last && bytes < block_bytes_max;
  });
  BlockWriter block(first, kind.framing, count, kind.part == Part::traits ? 0 : bytes + bytes / 8);
  for (std::size_t i = 0; i < count && !block.full(); ++i) {
    const RoomKept room(records_[i].bytes);
    if (const auto added = add(snapshot, kind, records_[i], block); !added) {
      block.fail(added.error());
      return std::make_shared<const Block>(block.take());
    }
  }
  if (!read) block.fail(read.error());
  if (block.empty()) block.fail(tenure::fail(FailureCode::corruption, "the position is missing from the log"));
  return std::make_shared<const Block>(block.take());
}

Outcome<void> FeedEncoder::add(storage::Snapshot& snapshot, const Kind& kind, const storage::LogRecord& stored,
                               BlockWriter& block) {
  const auto blob = [&](const Digest& hash) { return snapshot.blob(hash); };
  const bool gist = kind.part == Part::traits;
  auto record = gist ? wire::read_gist(stored.bytes, blob) : wire::read_record(stored.bytes, blob);
  if (!record) return record.error();
  const auto number = names_.org(snapshot, record->org);
  if (!number) return number.error();
  if (gist) {
    if (const auto named = name_people(snapshot, *number, *record); !named) return named.error();
    block.add_traits(*record);
    return {};
  }
  const auto before = identities_.resolve(snapshot, *number, *record);
  if (!before) return before.error();
  std::string& message = message_;
  const RoomKept room(message);
  message.clear();
  wire::show_record(message, *record, *before);
  if (kind.format != FeedFormat::native) {
    const auto shown = nlohmann::json::parse(message);
    auto messages = formats::messages(kind.format, shown, source_, sha256(stored.bytes));
    wrap(kind, *record, messages);
    block.add(*record, messages);
    return {};
  }
  if (kind.with_record) {
    message.pop_back();
    message += ",\"record\":";
    append_json_string(message, stored.bytes);
    message += '}';
  }
  if (kind.framing == Framing::hec || kind.framing == Framing::syslog) {
    std::vector<std::string> messages{std::move(message)};
    wrap(kind, *record, messages);
    block.add(*record, messages);
    return {};
  }
  block.add(*record, message);
  return {};
}

Outcome<void> FeedEncoder::name_people(storage::Snapshot& snapshot, projections::OrgNumber number, Record& record) {
  std::optional<Failure> failure;
  each_person(record.event, [&](Person& person) {
    if (failure) return;
    auto identity = identities_.of_subject(snapshot, record.org, number, person.subject);
    if (identity) {
      person.identity = std::move(*identity);
    } else {
      failure = identity.error();
    }
  });
  if (failure) return *failure;
  return {};
}

void FeedEncoder::wrap(const Kind& kind, const Record& record, std::vector<std::string>& messages) const {
  if (kind.framing != Framing::hec && kind.framing != Framing::syslog) return;
  const bool several = kind.format == FeedFormat::ocsf || kind.format == FeedFormat::ocsf_1_9;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Wrapped of{record, source_, kind.format, several ? i + 1 : 0};
    messages[i] = kind.framing == Framing::hec ? hec_event(of, messages[i]) : syslog_message(of, messages[i]);
  }
}

}  // namespace tenure::services
