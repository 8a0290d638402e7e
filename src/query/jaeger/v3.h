// Jaeger's API v3 over HTTP (jaeger-idl api_v3/query_service.proto): OTLP JSON in an object
// `result`, names, summaries. Beyond what Jaeger registers, /api/v3/dependencies answers too.
//
//   GET /api/v3/services                   GET /api/v3/operations?service=&span_kind=
//   GET /api/v3/traces/{id}                GET /api/v3/traces?query.*
//   GET /api/v3/trace-summaries?query.*    GET /api/v3/dependencies?startTime=&endTime=
//
// Parameters in camelCase and snake_case. Errors are {"error":{...}} with the fields of
// grpc-gateway, as application/json. `query.filter` (an alpha of Jaeger's) is refused by name.
#pragma once

#include "query/call.h"

namespace kolben::query::jaeger {

net::http::Response answer_v3(const Call& call);

net::http::Response v3_error(int http_status, StatusCode code, std::string_view message);

}  // namespace kolben::query::jaeger
