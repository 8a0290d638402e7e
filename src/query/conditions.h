// Conditions: what people write about a span ("http.host:localhost", "duration>100ms") as terms of
// a storage::Filter. One mapping of names for all APIs:
//
//   error                       whether the status is an error (values true and false)
//   span.kind, kind             server, client, ...      span.status, otel.status_code  the status
//   otel.status_description     its message              w3c.tracestate                 trace state
//   scope.name, scope.version, otel.scope.name, otel.scope.version
//   duration, name, service     of the span (page expressions only)
//   resource.K                  the attribute K of the resource alone
//   anything else               the attribute of that key: span, resource, scope, event or link
//
// Source: Jaeger's memory store for the first rows, its JSON for the otel.* and w3c.* names: what
// an answer shows as a tag can be searched as one. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/traces.h"
#include "query/parameters.h"
#include "storage/plan.h"

namespace kolben::query {

// Conditions of one query. People write a handful; a bound against requests made to be slow.
inline constexpr std::size_t kConditionsMax = 64;

storage::Filter compare(storage::Field field, storage::Operator op, storage::Operand operand);
storage::Filter is_error();
storage::Filter all_of(std::vector<storage::Filter> terms);

// What a key of a tag means.
storage::Field field_of(std::string_view key);

// Jaeger's tags: key equals value, by text.
storage::Filter tag_equals(std::string_view key, std::string_view value);

// The page's expressions: `key=value`, `key!=value`, `key>1`, `key>=1`, `key<1`, `key<=1`,
// `key=~regex`, or a bare `key`, which asks that it exists. The value may stand in double quotes,
// with backslashes before quotes and backslashes in it.
Result<storage::Filter> parse_expression(std::string_view text);
// The same of log records, where other words than those of spans are fields: severity (its number),
// body, name (of the event), service, scope.name, scope.version, resource.K. All others are
// attributes, also `error` and `duration`.
Result<storage::Filter> parse_log_expression(std::string_view text);

// The service and operation of a query, by the names that answers show: "empty-service-name" and
// "empty-span-name" find the empty ones too.
inline constexpr std::string_view kEmptyServiceName = "empty-service-name";
inline constexpr std::string_view kEmptySpanName = "empty-span-name";
storage::Filter service_is(std::string_view name);
storage::Filter operation_is(std::string_view name);
inline std::string_view shown_service(std::string_view name) {
  return name.empty() ? kEmptyServiceName : name;
}
inline std::string_view stored_service(std::string_view shown) {
  return shown == kEmptyServiceName ? std::string_view() : shown;
}
inline std::string_view shown_operation(std::string_view name) {
  return name.empty() ? kEmptySpanName : name;
}
// "server" and so on; empty for the unspecified kind.
inline std::string_view shown_kind(SpanKind kind) {
  return kind == SpanKind::kUnspecified ? std::string_view() : kind_text(kind);
}

// Both bounds are included. INVALID_ARGUMENT where the maximum lies below the minimum.
Status add_duration_bounds(const Parameters& parameters, std::string_view min_name,
                           std::string_view max_name, std::vector<storage::Filter>& terms);

}  // namespace kolben::query
