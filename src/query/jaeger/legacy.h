// Jaeger's legacy HTTP API, /api/*: what its page up to 2.18, Grafana's Jaeger data source and many
// scripts call. Routes and envelopes as in Jaeger 2.20:
//
//   GET  /api/services                     GET /api/services/{service}/operations
//   GET  /api/operations?service=          GET /api/dependencies?endTs=&lookback=&service=
//   GET  /api/traces                       search, or several traces by traceID
//   GET  /api/traces/{id}                  POST /api/transform (OTLP JSON in, Jaeger JSON out)
//   GET  /api/metrics/*                    rates, errors and latencies: metrics.h
//
// Errors are JSON in an answer of type text/plain with a line feed at the end: that is what Go's
// http.Error makes of Jaeger's. Differences, on purpose: `service` is never required for a search;
// the limit is bounded; a span without a service name belongs to "unknown_service", as everywhere
// in Kolben, not to "missing-service-name".
#pragma once

#include "query/call.h"

namespace kolben::query::jaeger {

// An answer is built in memory. Beyond this much text the remaining traces are left out, and the
// envelope's `errors` says so.
inline constexpr std::size_t kAnswerBytesMax = 256 << 20;

net::http::Response answer_legacy(const Call& call);

}  // namespace kolben::query::jaeger
