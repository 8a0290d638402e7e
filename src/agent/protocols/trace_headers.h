// The headers that carry trace context: W3C's, B3 in one header and in several, Jaeger's.
//
// Pure functions over bytes, freestanding. Values are strangers': what does not parse counts as not
// there.
// Sources: https://www.w3.org/TR/trace-context-2, https://github.com/openzipkin/b3-propagation,
// https://www.jaegertracing.io/docs/client-libraries (uber-trace-id).
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/traceparent.h"

namespace kolben::agent {

// A set of them, as OTEL_PROPAGATORS names them.
enum TraceFormat : std::uint8_t {
  kTraceContext = 1,
  kB3 = 2,
  kB3Multi = 4,
  kJaeger = 8,
  kBaggage = 16,
};

struct TraceFormatName {
  const char* text;
  std::uint8_t formats;
};
inline constexpr TraceFormatName kTraceFormatNames[] = {
    {"tracecontext", kTraceContext}, {"baggage", kBaggage}, {"b3", kB3},
    {"b3multi", kB3Multi},           {"jaeger", kJaeger},   {"none", 0}};

// "tracecontext,baggage", which is also the default (null, empty, or nothing that is known).
// Unknown names are left out.
std::uint8_t parse_trace_formats(const char* list);

// What the headers of one request say.
class TraceHeaders {
 public:
  void clear() {
    if (seen_ != 0) *this = TraceHeaders();
  }
  // Takes a header line, without its end; false: it is none of these.
  [[gnu::noinline]] bool take(const char* line, std::size_t size);

  bool has_traceparent() const { return has_traceparent_; }
  // Zeros where there was none, or no valid one.
  const Traceparent& traceparent() const { return traceparent_; }
  // Whether a header of one of these formats is there, valid or not.
  bool has(std::uint8_t formats) const { return (seen_ & formats) != 0; }
  // The context by the first of the formats, in the order of the enumeration, that has a valid one.
  // False: none.
  bool context(std::uint8_t formats, Traceparent* context) const {
    return seen_ != 0 && first_valid(formats, context);
  }

 private:
  [[gnu::noinline]] bool first_valid(std::uint8_t formats, Traceparent* context) const;
  bool take_b3_multi(const char* line, std::size_t size);

  std::uint8_t seen_ = 0;
  bool has_traceparent_ = false;
  std::uint8_t b3_parts_ = 0;  // of several headers: 1 the trace id, 2 the span id
  Traceparent traceparent_;
  Traceparent b3_;
  Traceparent jaeger_;
};

// "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1", without the sampling state for "up to
// you"; what is behind (a parent's id) is ignored. 64-bit trace ids are padded.
bool parse_b3(const char* text, std::size_t size, Traceparent* result);
// "trace:span:parent:flags", hexadecimal, zeros at the begin may be missing; ":" may be "%3A".
bool parse_uber_trace_id(const char* text, std::size_t size, Traceparent* result);

// All header lines of the formats (but baggage) with their ends; returns their size.
inline constexpr std::size_t kTraceHeadersBytesMax = 320;
std::size_t format_trace_headers(std::uint8_t formats, const Traceparent& context,
                                 char (&text)[kTraceHeadersBytesMax]);

}  // namespace kolben::agent
