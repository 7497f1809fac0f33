// One page of a list: what it is pinned to, its rows, and the cursor of the next one. Used by the routes alone; one
// thread, one request.
//
// A list is asked again, page by page, as of what its first page rested on: the cursor carries position, knowledge and
// instant, sealed against change, and the number of the last row. Rows come in rising order of their numbers.
#pragma once

#include <algorithm>

#include "events/wire/json_text.h"
#include "services/api/asked.h"
#include "services/api/rows.h"

namespace tenure::services {

// What is carried from page to page of a list whose rows are dear to count.
struct Tally {
  std::optional<std::uint64_t> total;  // where it was counted
  std::uint64_t told = 0;              // rows of the pages before
};

struct Page {
  std::size_t limit = 100;
  std::uint64_t after = 0;     // the last row's number on the page before
  std::optional<Tally> tally;  // of such a list, from its second page on
};

struct Pinned {
  When when;
  Position position;  // the snapshot the first page was pinned to
  Position known;
  Page page;
};
// When, as known when, and which page; the cursor's where there is one. A Response is a no.
boost::system::result<Pinned, http::Response> asked_page(const http::Request& request, Parts& parts,
                                                         storage::Snapshot& snapshot);

// Writes "items" and, where rows are left, "next".
class PageRows {
 public:
  // A row may be a megabyte, and a page is in memory until its client has taken it.
  static constexpr std::size_t bytes_max = std::size_t{4} << 20;

  PageRows(JsonText& json, const http::Request& request, const Parts& parts, const Pinned& pinned)
      : json_(json),
        request_(request),
        parts_(parts),
        pinned_(pinned),
        streamed_(request.header(stream_page_field).has_value()) {
    json_.key("items").open('[');
  }
  // Of rows as asked, or of bytes, which are held until the client has taken them.
  bool full() const { return written_ >= pinned_.page.limit || (written_ > 0 && json_.out().size() >= bytes_max); }
  // A row of the list has been written. In a page of a stream a line ends behind each, and nowhere else.
  void wrote() {
    ++written_;
    if (streamed_) json_.out() += '\n';
  }
  // How many of this page have been written.
  std::size_t written() const { return written_; }
  // `behind` is the number of the last row written or passed over, where there is more.
  void close(std::optional<std::uint64_t> behind, const std::optional<Tally>& tally = {});

  // All of it from rows that are there: `number_of` gives a row's number, `row` writes it as JSON.
  template <class Rows, class NumberOf, class Row>
  void write(const Rows& rows, const NumberOf& number_of, const Row& row) {
    auto next = std::upper_bound(rows.begin(), rows.end(), pinned_.page.after,
                                 [&](std::uint64_t after, const auto& r) { return after < number_of(r); });
    std::uint64_t last = 0;
    for (; next != rows.end() && !full(); ++next, wrote()) {
      row(json_, *next);
      last = number_of(*next);
    }
    close(next == rows.end() ? std::nullopt : std::optional(last));
  }

 private:
  JsonText& json_;
  const http::Request& request_;
  const Parts& parts_;
  const Pinned& pinned_;
  const bool streamed_;
  std::size_t written_ = 0;
};

}  // namespace tenure::services
