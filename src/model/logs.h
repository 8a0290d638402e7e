// Log records as OTLP has them (logs/v1/logs.proto).
#pragma once

#include <cstdint>
#include <string_view>

#include "model/attributes.h"
#include "model/ids.h"
#include "model/resource.h"

namespace kolben {

struct LogRecord {
  std::uint64_t time_unix_nano = 0;  // 0: unknown
  std::uint64_t observed_time_unix_nano = 0;
  std::int32_t severity_number = 0;  // 1..24, 0 unknown
  std::string_view severity_text;
  Value body;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
  TraceId trace_id;
  SpanId span_id;
  std::string_view event_name;

  // When it happened, as far as anybody knows.
  std::uint64_t effective_time_unix_nano() const {
    return time_unix_nano != 0 ? time_unix_nano : observed_time_unix_nano;
  }
};

struct ScopeLogs {
  Scope scope;
  List<LogRecord> records;
  std::string_view schema_url;
};

struct ResourceLogs {
  Resource resource;
  List<ScopeLogs> scopes;
  std::string_view schema_url;
};

}  // namespace kolben
