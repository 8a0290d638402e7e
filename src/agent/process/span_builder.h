// SpanBuilder: records of the ring -> OTLP spans. One thread.
#pragma once

#include "agent/process/database_attributes.h"
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
  void build_database(const DatabaseCall& call, const StreamPeer& peer, Span& span,
                      Arena& arena) const;
  void build_grpc(const WebCall& call, const Origin& origin, const StreamPeer& peer, Span& span,
                  Arena& arena) const;
  void build_messaging(const MessagingCall& call, const StreamPeer& peer, Span& span,
                       Arena& arena) const;
  // Nothing where the call has a parent, or none at all.
  static void add_link(const Origin& origin, Span& span, Arena& arena);
  void build_manual(const SpanView& view, Span& span, Arena& arena) const;

 private:
  static void begin_call(const Origin& origin, std::uint32_t number, Span& span, Arena& arena);
  void begin(const HttpExchange& exchange, std::uint16_t error_status, Span& span) const;
  static void link(const ExchangeView& record, Span& span, Arena& arena);
  void finish(const HttpExchange& exchange, Span& span, Arena& arena) const;
  AttributeLimits span_limits() const;
  std::string with_method(std::string name, std::string_view method) const;

  const Settings& settings_;
  SpanNames names_;
};

}  // namespace kolben::agent
