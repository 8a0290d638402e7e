#include "agent/process/messaging_metrics.h"

#include "agent/process/duration_bounds.h"
#include "agent/process/metric_attributes.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kKeys[] = {"messaging.system",
                                      "messaging.operation.name",
                                      "messaging.operation.type",
                                      "messaging.destination.name",
                                      "messaging.destination.partition.id",
                                      "server.address",
                                      "server.port",
                                      "error.type"};

Measured measured_of(const Span& span, InstrumentKind kind, std::string_view name,
                     std::string_view unit, std::string_view description) {
  Measured measured;
  measured.scope = MetricScope::kMessaging;
  measured.kind = kind;
  measured.name = name;
  measured.unit = unit;
  measured.description = description;
  measured.whom = measured_for(span);
  return measured;
}

}  // namespace

void MessagingMetrics::record(const MessagingCall& call, const Span& span, std::uint64_t now) {
  const Attributes attributes = selected_attributes(span.attributes, kKeys, scratch_);
  Measured duration =
      measured_of(span, InstrumentKind::kHistogram, "messaging.client.operation.duration", "s",
                  "Duration of messaging operation initiated by a producer or consumer client.");
  duration.bounds = kDurationBounds;
  duration.value = static_cast<double>(span.duration_nanos()) / 1e9;
  readers_.record(duration, attributes, now);
  count(call, span, attributes, now);
  trim_scratch(scratch_);
}

// What the bytes did not say how many they were is not counted.
void MessagingMetrics::count(const MessagingCall& call, const Span& span,
                             const Attributes& attributes, std::uint64_t now) {
  if (call.messages <= 0) return;
  Measured messages =
      call.sends
          ? measured_of(span, InstrumentKind::kCounter, "messaging.client.sent.messages",
                        "{message}", "Number of messages producer attempted to send to the broker.")
          : measured_of(span, InstrumentKind::kCounter, "messaging.client.consumed.messages",
                        "{message}", "Number of messages that were delivered to the application.");
  messages.value = static_cast<double>(call.messages);
  readers_.record(messages, attributes, now);
}

}  // namespace kolben::agent
