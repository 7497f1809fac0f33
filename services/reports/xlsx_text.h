// Texts as XLSX can hold them. Pure; any thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace tenure::reports {

// What a cell may hold, in UTF-16 units: a limit of the format (ECMA-376; Excel's specification).
inline constexpr std::size_t xlsx_text_max = 32'767;

// A text for a cell. A longer one is cut, and says at its end how many units were left out and where they are; what
// XML cannot hold is written as its escape _xHHHH_, and what looks like such an escape is escaped itself.
std::string xlsx_text(std::string_view text);
// A text as a property of the document: what XML cannot say is a blank.
std::string xlsx_property(std::string_view text);

// Names of sheets as XLSX allows them: at most 31 units, none of []:*?/\, no apostrophe at either end, none twice.
class SheetNames {
 public:
  std::string name(std::string_view title);

 private:
  std::set<std::string> taken_;
};

}  // namespace tenure::reports
