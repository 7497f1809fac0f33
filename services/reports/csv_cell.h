// A cell of CSV. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tenure::reports {

// Appends a text as RFC 4180 has it, quoted where it must be. What a spreadsheet would take for a formula has an
// apostrophe before it, since texts are chosen by strangers: = + - @, a tab or a break of line in front, and = + - @
// in full width, which spreadsheets of East Asia read the same (OWASP, "CSV Injection"). So has what would be one for a
// spreadsheet that cuts at semicolons, tabs or breaks of line, as Excel does at semicolons in much of Europe.
void append_csv_text(std::string& out, std::string_view text);

}  // namespace tenure::reports
