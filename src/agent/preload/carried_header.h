// The headers that go on from the request that is served, or from the environment: `tracestate` and
// `baggage`, by all of their names.
#pragma once

#include <cstdint>

#include "agent/preload/exec_environment.h"
#include "agent/protocols/http2/header_scanner.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent {

struct CarriedHeader {
  TraceFormat format;         // in OTEL_PROPAGATORS
  const char* name;           // with its colon
  const char* variable;       // what stands for it in an environment
  http2::TraceField field;    // in a request of HTTP/2
  std::uint32_t members_max;  // of what we write
};

// W3C Trace Context, 3.3.1: a list has no more. W3C Baggage, 3.3.2: so many go on at least.
inline constexpr CarriedHeader kTracestateHeader = {kTraceContext, "tracestate:", kTracestateName,
                                                    http2::kTracestateField, 32};
inline constexpr CarriedHeader kBaggageHeader = {kBaggage, "baggage:", kBaggageName,
                                                 http2::kBaggageField, 64};
inline constexpr const CarriedHeader* kCarriedHeaders[] = {&kTracestateHeader, &kBaggageHeader};

}  // namespace kolben::agent
