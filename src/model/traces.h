// Spans as OTLP has them, all fields (trace/v1/trace.proto). Times are nanoseconds since 1970 UTC.
// All views point into the batch that owns these; see model/batch.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/attributes.h"
#include "model/ids.h"
#include "model/resource.h"

namespace kolben {

// On the wire: never renumber.
enum class SpanKind : std::int32_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5,
};

// On the wire: never renumber.
enum class SpanStatusCode : std::int32_t { kUnset = 0, kOk = 1, kError = 2 };

// "server" and the like, as filters and pages spell them; "unspecified" for none and for numbers
// that the specification does not know.
std::string_view kind_text(SpanKind kind);
// "unset", "ok", "error".
std::string_view status_text(SpanStatusCode status);

struct SpanEvent {
  std::uint64_t time_unix_nano = 0;
  std::string_view name;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string_view trace_state;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

struct Span {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // zero: a root
  std::string_view trace_state;
  std::uint32_t flags = 0;
  std::string_view name;
  SpanKind kind = SpanKind::kUnspecified;
  std::uint64_t start_time_unix_nano = 0;
  std::uint64_t end_time_unix_nano = 0;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  List<SpanEvent> events;
  std::uint32_t dropped_events_count = 0;
  List<SpanLink> links;
  std::uint32_t dropped_links_count = 0;
  SpanStatusCode status_code = SpanStatusCode::kUnset;
  std::string_view status_message;

  // Zero where the end lies before the start: clocks do that.
  std::uint64_t duration_nanos() const {
    return end_time_unix_nano > start_time_unix_nano ? end_time_unix_nano - start_time_unix_nano
                                                     : 0;
  }
};

struct ScopeSpans {
  Scope scope;
  List<Span> spans;
  std::string_view schema_url;
};

struct ResourceSpans {
  Resource resource;
  List<ScopeSpans> scopes;
  std::string_view schema_url;
};

}  // namespace kolben
