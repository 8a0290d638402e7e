// Lines and the application's own log calls -> OTLP log records. One thread, no state.
#pragma once

#include <cstdint>

#include "agent/process/line_assembler.h"
#include "agent/process/records.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/logs.h"

namespace kolben::agent {

// `text` is the line's plain text.
void build_log(const Line& line, std::string_view text, const Limits& limits, std::uint64_t now,
               LogRecord& record, Arena& arena);
void build_log(const LogView& view, const Limits& limits, std::uint64_t now, LogRecord& record,
               Arena& arena);

}  // namespace kolben::agent
