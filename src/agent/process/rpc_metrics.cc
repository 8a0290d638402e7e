#include "agent/process/rpc_metrics.h"

#include "agent/process/duration_bounds.h"
#include "agent/process/metric_attributes.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kOldKeys[] = {"rpc.system", "rpc.service", "rpc.method",
                                         "rpc.grpc.status_code"};
constexpr std::string_view kStableKeys[] = {
    "rpc.system.name", "rpc.method",  "rpc.response.status_code",
    "server.address",  "server.port", "error.type"};

Measured duration(const Span& span, std::string_view name, std::string_view unit,
                  std::string_view description) {
  Measured measured;
  measured.scope = MetricScope::kRpc;
  measured.kind = InstrumentKind::kHistogram;
  measured.name = name;
  measured.unit = unit;
  measured.description = description;
  measured.whom = measured_for(span);
  return measured;
}

}  // namespace

void RpcMetrics::record(const Span& span, std::uint64_t now) {
  const bool is_server = span.kind == SpanKind::kServer;
  const auto nanos = static_cast<double>(span.duration_nanos());
  if (conventions_.old_rpc) {
    Measured measured =
        is_server
            ? duration(span, "rpc.server.duration", "ms", "Measures the duration of inbound RPC.")
            : duration(span, "rpc.client.duration", "ms", "Measures the duration of outbound RPC.");
    measured.value = nanos / 1e6;
    record(measured, span, kOldKeys, now);
  }
  if (conventions_.stable_rpc) {
    Measured measured =
        is_server ? duration(span, "rpc.server.call.duration", "s",
                             "Measures the duration of incoming Remote Procedure Calls (RPC).")
                  : duration(span, "rpc.client.call.duration", "s",
                             "Measures the duration of outgoing Remote Procedure Calls (RPC).");
    measured.bounds = kDurationBounds;
    measured.value = nanos / 1e9;
    record(measured, span, kStableKeys, now);
  }
}

void RpcMetrics::record(const Measured& measured, const Span& span,
                        std::span<const std::string_view> keys, std::uint64_t now) {
  readers_.record(measured, selected_attributes(span.attributes, keys, scratch_), now);
  trim_scratch(scratch_);
}

}  // namespace kolben::agent
