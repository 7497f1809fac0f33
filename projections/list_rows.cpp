#include "projections/list_rows.h"

namespace tenure::projections {

namespace {

constexpr std::size_t point_bytes = 16, link_bytes = 8;

void put_point(std::string& key, Point at) {
  put_time(key, at.us);
  put_u64(key, at.position);
}

// A point relative to another, as two signed varints.
void put_relative(std::string& out, Point at, Point base) {
  put_signed(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(base.us) - static_cast<std::uint64_t>(at.us)));
  put_signed(out, static_cast<std::int64_t>(base.position - at.position));
}
Point take_relative(Reader& in, Point base) {
  Point at;
  at.us =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(base.us) - static_cast<std::uint64_t>(in.signed_varint()));
  at.position = base.position - static_cast<std::uint64_t>(in.signed_varint());
  return at;
}

}  // namespace

std::string list_key(OrgNumber org, List list, char tag) {
  std::string key = row_key(org, Row::list);
  key += static_cast<char>(list.kind);
  put_u32(key, list.of);
  key += tag;
  return key;
}

std::string stretch_key(OrgNumber org, List list, Point begin) {
  std::string key = list_key(org, list, 'm');
  put_point(key, begin);
  return key;
}

std::string point_key(OrgNumber org, List list, Point at, RowKind kind) {
  std::string key = list_key(org, list, 'd');
  put_point(key, at);
  key += static_cast<char>(kind);
  return key;
}

std::string link_key(OrgNumber org, List list, Point at, RowKind kind, LinkId link) {
  std::string key = point_key(org, list, at, kind);
  put_u32(key, link.principal);
  put_u32(key, link.extra);
  return key;
}

std::string encode_stretch(const Stretch& stretch, bool newest) {
  std::string out;
  if (newest) put_point(out, stretch.begin);
  put_varint(out, stretch.changes);
  put_varint(out, stretch.links);
  return out;
}

bool decode_stretch(std::string_view bytes, bool newest, Stretch& stretch) {
  if (newest) {
    if (bytes.size() < point_bytes) return false;
    stretch.begin = {take_time(bytes, 0), take_u64(bytes, 8)};
    bytes.remove_prefix(point_bytes);
  }
  Reader in{bytes};
  stretch.changes = in.varint();
  stretch.links = in.varint();
  return in.good && in.rest.empty();
}

std::string encode_block(const std::vector<Link>& links) {
  std::string out;
  Number principal = 0;
  Point base{0, 0};
  for (const Link& link : links) {
    put_varint(out, link.id.principal - principal);
    put_varint(out, link.id.extra);
    put_relative(out, link.standing.open, base);
    put_relative(out, link.standing.link, link.standing.open);
    put_relative(out, link.standing.since, link.standing.link);
    principal = link.id.principal;
    base = link.standing.open;
  }
  return out;
}

bool decode_block(std::string_view bytes, std::vector<Link>& links) {
  Reader in{bytes};
  Number principal = 0;
  Point base{0, 0};
  while (!in.rest.empty() && in.good) {
    Link& link = links.emplace_back();
    link.id.principal = principal + in.number();
    link.id.extra = in.number();
    link.standing.open = take_relative(in, base);
    link.standing.link = take_relative(in, link.standing.open);
    link.standing.since = take_relative(in, link.standing.link);
    principal = link.id.principal;
    base = link.standing.open;
  }
  return in.good;
}

std::string encode_standing(const Standing& standing) {
  std::string out;
  put_relative(out, standing.link, standing.open);
  if (standing.since != standing.link) put_relative(out, standing.since, standing.link);
  return out;
}

bool read_row(std::string_view key, std::string_view value, HistoryRow& row) {
  constexpr std::size_t tail = point_bytes + 1 + link_bytes;
  if (key.size() < tail) return false;
  const std::size_t at = key.size() - tail;
  row.at = {take_time(key, at), take_u64(key, at + 8)};
  row.kind = static_cast<RowKind>(key[at + point_bytes]);
  row.link = {take_u32(key, at + point_bytes + 1), take_u32(key, at + point_bytes + 5)};
  row.standing.reset();
  if (row.kind == RowKind::base) return true;
  if (row.kind != RowKind::change) return false;
  if (value.empty()) return true;
  Reader in{value};
  Standing standing;
  standing.open = row.at;
  standing.link = take_relative(in, row.at);
  standing.since = in.rest.empty() ? standing.link : take_relative(in, standing.link);
  row.standing = standing;
  return in.good && in.rest.empty();
}

Failure broken_list(OrgNumber org, List list) {
  return fail(FailureCode::corruption, "the history of list '" + std::string(1, static_cast<char>(list.kind)) + "' " +
                                           std::to_string(list.of) + " of organization " + std::to_string(org) +
                                           " cannot be read; run `tenure rebuild`");
}

std::string past_point(OrgNumber org, List list, Point at) {
  std::string key = link_key(org, list, at, RowKind::change, {~Number{0}, ~Number{0}});
  key += '\0';
  return key;
}

Outcome<bool> read_newest(storage::ViewReader& views, OrgNumber org, List list, Stretch& newest) {
  std::string value;
  const auto found = views.get(list_key(org, list, 'h'), value);
  if (!found || !*found) return found;
  if (!decode_stretch(value, true, newest)) return broken_list(org, list);
  return true;
}

Outcome<Stretch> older_stretch(storage::ViewReader& views, OrgNumber org, List list, Point at) {
  std::string key, value;
  const auto found = views.last_at_most(list_key(org, list, 'm'), stretch_key(org, list, at), key, value);
  if (!found) return found.error();
  Stretch stretch;
  if (!*found || !decode_stretch(value, false, stretch)) return broken_list(org, list);
  stretch.begin = {take_time(key, key.size() - 16), take_u64(key, key.size() - 8)};
  return stretch;
}

Outcome<void> read_stretch(storage::ViewReader& views, OrgNumber org, List list, Point begin, const std::string& to,
                           const std::function<void(const Link&)>& base,
                           const std::function<bool(const HistoryRow&)>& change) {
  bool good = true;
  HistoryRow row;
  std::vector<Link> links;
  const auto done = views.scan(point_key(org, list, begin, RowKind::base), to, [&](auto key, auto value) {
    good = read_row(key, value, row);
    if (!good) return false;
    if (row.kind == RowKind::change) return change(row);
    if (row.at != begin) return true;
    links.clear();
    good = decode_block(value, links);
    for (const Link& link : links) base(link);
    return good;
  });
  if (!done) return done.error();
  if (!good) return broken_list(org, list);
  return {};
}

}  // namespace tenure::projections
