// A dry run of a review: what would be opened, as a list of its items with pages. Used by the routes alone; one thread,
// one request.
//
// What the first page found is kept among the reviews in memory for the later ones. Where it is not there any more it
// is worked out again as of the first page's position and instant, which gives the same.
#pragma once

#include "services/api/review_rows.h"

namespace tenure::services {

// The page that the request asks for.
Response preview(Parts& parts, Asking& asking, review::Definition definition, OpenWish wish, const Acting& acting);

// Why nothing was opened, or would be.
Response why_not_opened(const Reviewing::OpenAnswer& answer);

}  // namespace tenure::services
