#include "services/feed/block.h"

#include "events/digest.h"
#include "events/people.h"
#include "services/http/websocket.h"

namespace tenure::services {
namespace {

void append_id(std::string& out, Position id) {
  if (!id) return;
  out += "id: ";
  out += std::to_string(id.value);
  out += '\n';
}

// As the API shows a person.
std::string shown(const Person& person) {
  return person.identity.empty() ? "subject:" + to_text(person.subject) : person.identity;
}

}  // namespace

void append_framed(std::string& out, Framing framing, std::string_view message, Position id) {
  switch (framing) {
    case Framing::websocket:
      http::append_frame(out, http::Opcode::text, message);
      return;
    case Framing::sse:
      append_id(out, id);
      out += "data: ";
      out += message;
      out += "\n\n";
      return;
    case Framing::syslog:  // octet counting, RFC 6587 section 3.4.1
      out += std::to_string(message.size());
      out += ' ';
      out += message;
      return;
    case Framing::lines:
    case Framing::hec:
      out += message;
      out += '\n';
      return;
  }
}

void append_control(std::string& out, Framing framing, std::string_view name, std::string_view message, Position id) {
  if (framing == Framing::sse) {
    out += "event: ";
    out += name;
    out += '\n';
  }
  append_framed(out, framing, message, id);
}

BlockWriter::BlockWriter(Position first, Framing framing, std::size_t expected, std::size_t expected_bytes)
    : framing_(framing) {
  block_.first_ = first;
  block_.ends_.reserve(expected);
  block_.traits_.reserve(expected);
  block_.texts_.reserve(2 * expected + 1);
  block_.bytes_.reserve(expected_bytes);
}

void BlockWriter::add_traits(const Record& record) {
  block_.ends_.push_back(block_.bytes_.size());
  auto& texts = block_.texts_;
  const auto put = [&](std::string text) {
    texts.push_back(std::move(text));
    return static_cast<std::uint32_t>(texts.size() - 1);
  };
  Traits traits{type_name(record.event.data), record.verdict.result, 0, 0, 0, 0};
  const bool same_org = !block_.traits_.empty() && texts[block_.traits_.back().org] == record.org.text;
  traits.org = same_org ? block_.traits_.back().org : put(record.org.text);
  const Actor& actor = record.event.actor;
  traits.actor = put(actor.is_person() ? shown(actor.who) : actor.who.identity);
  traits.people_from = static_cast<std::uint32_t>(texts.size());
  each_person_in_data(record.event, [&](const Person& person) { put(shown(person)); });
  traits.people_count = static_cast<std::uint32_t>(texts.size()) - traits.people_from;
  block_.traits_.push_back(traits);
}

void BlockWriter::add(const Record& record, std::string_view message) {
  append_framed(block_.bytes_, framing_, message, next());
  add_traits(record);
}

void BlockWriter::add(const Record& record, const std::vector<std::string>& messages) {
  // Only the last one says where to go on: whoever is cut off before it gets all of them again.
  for (std::size_t i = 0; i < messages.size(); ++i) {
    append_framed(block_.bytes_, framing_, messages[i], i + 1 == messages.size() ? next() : Position(0));
  }
  add_traits(record);
}

void BlockWriter::fail(const Failure& failure) {
  if (!empty()) return;
  block_.failure_ = failure;
  block_.ends_.push_back(0);
  block_.traits_.emplace_back();
}

}  // namespace tenure::services
