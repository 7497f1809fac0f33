#include "services/http/request.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cassert>

namespace tenure::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::other:
      return "OTHER";
  }
  return "OTHER";
}

std::string Peer::address_text() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, address.data(), text, sizeof text);
  return text;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return x == y || lower(x) == lower(y); });
}

std::string_view Request::param(std::string_view name) const {
  for (const Param& p : params_) {
    if (p.name == name) return segment(p.segment);
  }
  assert(false && "the route has no such parameter");
  return {};
}

std::pair<std::string_view, std::string_view> Request::query_at(std::size_t i) const {
  return {view(query_[i].name), view(query_[i].value)};
}

std::optional<std::string_view> Request::query(std::string_view name) const {
  for (const Field& f : query_) {
    if (view(f.name) == name) return view(f.value);
  }
  return std::nullopt;
}

std::size_t Request::query_times(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(query_.begin(), query_.end(), [&](const Field& f) { return view(f.name) == name; }));
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Field& f : headers_) {
    if (same_name(view(f.name), name)) return view(f.value);
  }
  return std::nullopt;
}

std::string Request::header_list(std::string_view name) const {
  std::string all;
  for (const Field& f : headers_) {
    if (same_name(view(f.name), name)) (all += all.empty() ? "" : ", ") += view(f.value);
  }
  return all;
}

std::size_t Request::header_times(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers_.begin(), headers_.end(), [&](const Field& f) { return same_name(view(f.name), name); }));
}

void Request::go_on() const {
  if (client_gone()) throw ClientGone();
}

void Request::clear() {
  method = Method::other;
  body.clear();
  identity.reset();
  gone.reset();
  text_.clear();
  target_ = {};
  segments_.clear();
  query_.clear();
  headers_.clear();
  params_.clear();
}

Request::Span Request::keep(std::string_view text) {
  const Span s{static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(text.size())};
  text_ += text;
  return s;
}

void Request::set_target(std::string_view target) { target_ = keep(target); }
void Request::add_segment(std::string_view decoded) { segments_.push_back(keep(decoded)); }

void Request::add_query(std::string_view name, std::string_view value) {
  const Span kept = keep(name);
  query_.push_back({kept, keep(value)});
}

void Request::add_header(std::string_view name, std::string_view value) {
  const Span kept = keep(name);
  headers_.push_back({kept, keep(value)});
}

}  // namespace tenure::http
