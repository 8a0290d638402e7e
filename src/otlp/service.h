// The names and small messages of the OTLP services (collector/*/v1/*_service.proto), and
// google.rpc.Status, which carries errors over HTTP.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace kolben::otlp {

// "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
std::string_view grpc_method(Signal signal);
std::optional<Signal> signal_of_grpc_method(std::string_view method);
// "/v1/traces"
std::string_view http_path(Signal signal);

struct PartialSuccess {
  std::int64_t rejected = 0;
  std::string error_message;
};

// Export*ServiceResponse. A full success is the empty message in protobuf.
std::string encode_response(const PartialSuccess& partial);
std::string encode_response_json(Signal signal, const PartialSuccess& partial);
Result<PartialSuccess> decode_response(std::string_view message);
Result<PartialSuccess> decode_response_json(std::string_view text);

// google.rpc.Status with RetryInfo among its details where the status asks for a delay.
std::string encode_rpc_status(const Status& status);
std::string encode_rpc_status_json(const Status& status);
// The status inside; INVALID_ARGUMENT where the bytes are none.
Status decode_rpc_status(std::string_view message);

}  // namespace kolben::otlp
