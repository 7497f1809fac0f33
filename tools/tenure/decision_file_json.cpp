#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "events/wire/json_read.h"
#include "services/api/review_decision.h"
#include "tools/tenure/decision_file.h"

namespace tenure {

namespace {

using nlohmann::json;

constexpr std::size_t call_bytes_max = 8 * 1024 * 1024;  // half of what a body may have

class Reader {
 public:
  DecisionFile read(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
      file_.faults.emplace_back("there is no decision in it");
    } else if (text[first] == '[') {
      read_array(text);
    } else {
      read_lines(text);
    }
    return std::move(file_);
  }

 private:
  void read_array(std::string_view text) {
    const auto all = read_json(text);
    if (!all) {
      const auto until = text.substr(0, all.error().offset.value_or(0));
      const auto line = 1 + std::count(until.begin(), until.end(), '\n');
      file_.faults.push_back("line " + std::to_string(line) + ": this is no JSON array: " + all.error().because);
      return;
    }
    if (all->empty()) file_.faults.emplace_back("there is no decision in it");
    std::size_t number = 0;
    for (const json& each : *all) take(each, "decision " + std::to_string(++number));
  }

  void read_lines(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const std::string place = "line " + std::to_string(number);
      const auto one = read_json(line);
      if (one) {
        take(*one, place);
      } else {
        file_.faults.push_back(place + ": this is no JSON object: " + one.error().because +
                               " A file has one decision a line (`jq -c`), or is an array of them.");
      }
    }
  }

  void take(const json& body, const std::string& place) {
    const auto decision = services::read_decision(body, "");
    if (!decision) {
      const std::string field = decision.error().field.empty() ? "" : ", " + decision.error().field.substr(1);
      file_.faults.push_back(place + field + ": " + decision.error().because);
      return;
    }
    const auto [earlier, first] = decided_.emplace(decision->item, place);
    if (!first) {
      file_.faults.push_back(place + ", item: " + earlier->second + " decides about " + decision->item +
                             " already; a file decides once about an item.");
      return;
    }
    file_.decisions.push_back({body.dump(), place});
  }

  DecisionFile file_;
  std::unordered_map<std::string, std::string> decided_;  // where, by item
};

}  // namespace

DecisionFile read_decision_file(std::string_view text) { return Reader().read(text); }

std::size_t call_end(const std::vector<FiledDecision>& decisions, std::size_t begin) {
  std::size_t end = begin, bytes = 0;
  while (end < decisions.size() && end - begin < services::Reviewing::decisions_max) {
    bytes += decisions[end].text.size() + 1;
    if (bytes > call_bytes_max && end > begin) break;
    ++end;
  }
  return end;
}

}  // namespace tenure
