// Cells as text, where a format has no better form for them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "services/reports/document.h"

namespace tenure::reports {

// {1250, 2} as "12.50", {-5, 2} as "-0.05".
std::string decimal_text(Decimal value);

// Whole and exact: RFC 3339, true and false, texts joined by `between`; nothing is empty.
std::string exact_text(const Cell& cell, std::string_view between);

// For people: "2026-09-30 17:00:05.25" (UTC, as the heading says), yes and no.
std::string printed_text(const Cell& cell, std::string_view between);

// As it can be drawn: what has no shape is told. Control characters stand as Unicode's pictures of them (U+2400 on);
// what turns the direction of a text, and so could show one name for another, as its code: ‹U+202E›.
std::string drawable_text(std::string_view text);

}  // namespace tenure::reports
