// What tests of sinks share: short pauses, sinks made and looked at, and what the feed itself shows of the same events.
#pragma once

#include "tests/push_receivers.h"
#include "tests/services/feed_client.h"

namespace tenure::test {

// Pauses that a test can wait for.
services::PushTimes quick();

nlohmann::json sink_wish(const std::string& name, const std::string& kind, const std::string& url);

nlohmann::json make_sink(RunningProgram& program, const nlohmann::json& wish);

nlohmann::json sink(RunningProgram& program, const std::string& name);

// Waits until the sink has delivered all there is; what it then is.
nlohmann::json delivered(RunningProgram& program, const std::string& name);

// The messages of the feed from position 1, as texts.
std::vector<std::string> feed_messages(RunningProgram& program, const std::string& query = {});

}  // namespace tenure::test
