#include "projections/review/rows.h"

#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

std::string review_key(OrgNumber org, Number number, std::uint64_t position) {
  std::string key = row_key(org, Row::review);
  put_u32(key, number);
  put_u64(key, position);
  return key;
}

struct EntityOf {
  std::optional<ReviewEntity> operator()(const event::ReviewDefined& e) const { return definition(e.definition); }
  std::optional<ReviewEntity> operator()(const event::ReviewWithdrawn& e) const { return definition(e.definition); }
  std::optional<ReviewEntity> operator()(const event::ReviewSkipped& e) const { return definition(e.definition); }
  std::optional<ReviewEntity> operator()(const event::AccessReported& e) const {
    return ReviewEntity{EntityKind::access_report, e.report};
  }
  template <class Data>
  std::optional<ReviewEntity> operator()(const Data& e) const {
    if constexpr (requires { e.review; }) {
      return ReviewEntity{EntityKind::review, e.review};
    } else {
      return std::nullopt;
    }
  }

 private:
  static std::optional<ReviewEntity> definition(const std::string& id) {
    return ReviewEntity{EntityKind::review_definition, id};
  }
};

}  // namespace

std::optional<ReviewEntity> review_entity(const EventPayload& data) { return std::visit(EntityOf{}, data); }

void note_review(ViewWriter& views, OrgNumber org, Number number, Position position) {
  views.put(review_key(org, number, position.value), std::string(1, '\x01'));
}

Outcome<std::vector<std::uint64_t>> review_positions(storage::ViewReader& views, OrgNumber org, Number number,
                                                     std::uint64_t after, std::uint64_t known) {
  std::vector<std::uint64_t> positions;
  const auto done = views.scan(review_key(org, number, after + 1), review_key(org, number, known + 1),
                               [&](std::string_view key, std::string_view) {
                                 positions.push_back(take_u64(key, key.size() - 8));
                                 return true;
                               });
  if (!done) return done.error();
  return positions;
}

Outcome<std::optional<std::uint64_t>> first_review_position(storage::ViewReader& views, OrgNumber org, Number number,
                                                            std::uint64_t known) {
  std::optional<std::uint64_t> first;
  const auto done = views.scan(review_key(org, number, 1), review_key(org, number, known + 1),
                               [&](std::string_view key, std::string_view) {
                                 first = take_u64(key, key.size() - 8);
                                 return false;
                               });
  if (!done) return done.error();
  return first;
}

Outcome<std::vector<std::uint64_t>> newest_review_positions(storage::ViewReader& views, OrgNumber org, Number number,
                                                            std::uint64_t known, std::size_t most) {
  std::vector<std::uint64_t> positions;
  std::string key, value;
  while (positions.size() < most && known > 0) {
    const auto found = views.last_at_most(review_key(org, number, 1), review_key(org, number, known), key, value);
    if (!found) return found.error();
    if (!*found) break;
    positions.push_back(take_u64(key, key.size() - 8));
    known = positions.back() - 1;
  }
  return positions;
}

}  // namespace tenure::projections
