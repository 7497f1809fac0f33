// Decisions about items of an access review as a file has them: one JSON object a line, or a JSON array of objects,
// each as POST …/decisions takes it. The whole file is read and checked before anything is sent.
//
// Pure; any thread. Memory: the file's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tenure {

struct FiledDecision {
  std::string text;   // compact JSON
  std::string place;  // "line 7"; of an array "decision 7"
};

struct DecisionFile {
  std::vector<FiledDecision> decisions;
  // What cannot be sent, a sentence each that begins with the place and the field. Where there is any, nothing of the
  // file is to be sent.
  std::vector<std::string> faults;
};

DecisionFile read_decision_file(std::string_view text);

// The first decision behind those that go into one call from `begin` on: as many as the server takes, and a body well
// below its limit.
std::size_t call_end(const std::vector<FiledDecision>& decisions, std::size_t begin);

}  // namespace tenure
