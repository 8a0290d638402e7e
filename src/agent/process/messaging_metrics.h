// How long a client's operations at a broker of messages take, and how many messages it sends and
// gets: messaging.client.*. Source: semantic-conventions, messaging-metrics.md.
#pragma once

#include <cstdint>

#include "agent/process/metric_readers.h"
#include "agent/process/streams.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class MessagingMetrics {
 public:
  explicit MessagingMetrics(MetricReaders& readers) : readers_(readers) {}

  // From a call and its finished span.
  void record(const MessagingCall& call, const Span& span, std::uint64_t now);

 private:
  void count(const MessagingCall& call, const Span& span, const Attributes& attributes,
             std::uint64_t now);

  MetricReaders& readers_;
  Arena scratch_;
};

}  // namespace kolben::agent
