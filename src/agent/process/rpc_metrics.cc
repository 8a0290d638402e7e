#include "agent/process/rpc_metrics.h"

#include <algorithm>
#include <iterator>

namespace kolben::agent {
namespace {

constexpr std::string_view kKeys[] = {"rpc.system", "rpc.service", "rpc.method",
                                      "rpc.grpc.status_code"};
constexpr std::size_t kScratchBytesMax = 64 * 1024;

}  // namespace

void RpcMetrics::record(const Span& span, std::uint64_t now) {
  const bool is_server = span.kind == SpanKind::kServer;
  Measured measured;
  measured.scope = MetricScope::kRpc;
  measured.kind = InstrumentKind::kHistogram;
  measured.name = is_server ? "rpc.server.duration" : "rpc.client.duration";
  measured.unit = "ms";
  measured.description = is_server ? "Measures the duration of inbound RPC."
                                   : "Measures the duration of outbound RPC.";
  measured.value = static_cast<double>(span.duration_nanos()) / 1e6;
  Attributes attributes;
  attributes.reserve(scratch_, std::size(kKeys));
  for (const KeyValue& attribute : span.attributes) {
    const bool is_wanted =
        std::find(std::begin(kKeys), std::end(kKeys), attribute.key) != std::end(kKeys);
    if (is_wanted) attributes.push_back(scratch_, attribute);
  }
  store_.record(measured, attributes, now);
  if (scratch_.reserved_bytes() > kScratchBytesMax) scratch_ = Arena();
}

}  // namespace kolben::agent
