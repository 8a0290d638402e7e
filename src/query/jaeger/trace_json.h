// Spans as Jaeger's legacy JSON ("UI model"), by the mapping of the OpenTelemetry specification
// (OpenTelemetry to Jaeger transformation) as Jaeger's own backend applies it:
// scope, attributes, span.kind, status and trace state become tags in that order; the parent is the
// first CHILD_OF reference, links follow; times are microseconds, cut off; one process for each
// distinct resource.
//
// Of Jaeger's query-time adjusters these run unless the trace is asked for raw: attributes sorted
// by key, links with zero ids left out, integer IPv4 addresses under `ip` and `peer.ipv4` as dotted
// text. Identical copies of a span never leave the store. Not done: clock skew (off by default in
// Jaeger), new ids for shared client and server span ids, moving telemetry.* to the resource, and
// sorting events by name, which would lose their order.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/batch.h"
#include "query/jaeger/tag_json.h"
#include "query/json.h"

namespace kolben::query::jaeger {

// 32 hexadecimal digits, or 16 where the upper half is zero, as Jaeger prints them.
std::string trace_id_text(const TraceId& id);

struct SpanPlace {
  const Span* span = nullptr;
  const Scope* scope = nullptr;
  std::uint32_t resource = 0;  // index in DecodedTraces::resources
};

struct TracePlaces {
  TraceId id;
  std::vector<SpanPlace> spans;
};

// The spans of each trace, in the order in which they come.
std::vector<TracePlaces> group_by_trace(const DecodedTraces& traces);

// Writes one element of the envelope's `data`.
void write_trace(JsonWriter& json, const DecodedTraces& traces, const TracePlaces& trace,
                 Adjust adjust);

}  // namespace kolben::query::jaeger
