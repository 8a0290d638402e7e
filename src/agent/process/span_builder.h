// SpanBuilder: records of the ring -> OTLP spans. One thread.
#pragma once

#include "agent/process/http_attributes.h"
#include "agent/process/limits.h"
#include "agent/process/records.h"
#include "agent/process/settings.h"
#include "agent/process/span_names.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

class SpanBuilder {
 public:
  // The settings outlive the builder.
  explicit SpanBuilder(const Settings& settings) : settings_(settings) {}

  void build_server(const HttpExchange& exchange, Span& span, Arena& arena);
  void build_client(const HttpExchange& exchange, Span& span, Arena& arena);
  void build_manual(const SpanView& view, Span& span, Arena& arena) const;

 private:
  void begin(const HttpExchange& exchange, std::uint16_t error_status, Span& span) const;
  void finish(const HttpExchange& exchange, Span& span, Arena& arena) const;
  AttributeLimits span_limits() const;

  const Settings& settings_;
  SpanNames names_;
};

}  // namespace kolben::agent
