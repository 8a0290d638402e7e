// BatchBuilder: Zipkin's spans, in whatever encoding they came, become a batch. Pure; one thread at
// a time. Texts are copied.
//
//   builder.begin(head);  // then in this order, so that both encodings give the same batch
//   builder.local(endpoint); builder.remote(endpoint); builder.tag(key, text)...;
//   builder.annotation(micros, text)...;
//   builder.end();
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "model/batch.h"
#include "receivers/zipkin/translate.h"

namespace kolben::receivers::zipkin {

// What a span has once. Missing things are empty or 0, as Zipkin has it.
struct SpanHead {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;
  std::string_view name;
  SpanKind kind = SpanKind::kInternal;
  std::uint64_t start_micros = 0;
  std::uint64_t duration_micros = 0;
};

struct Endpoint {
  std::string_view service;
  std::string_view address;
  std::uint64_t port = 0;
};

// "[3].traceId: want 16 or 32 hex digits"
Status mistake(std::size_t index, std::string_view field, std::string_view what);

class BatchBuilder {
 public:
  explicit BatchBuilder(const TranslateOptions& options) : options_(options) {}

  void begin(const SpanHead& head);
  void local(const Endpoint& endpoint);
  void remote(const Endpoint& endpoint);
  void tag(std::string_view key, std::string_view text);
  void annotation(std::uint64_t micros, std::string_view text);
  void end();

  Batch finish() &&;

 private:
  // Where the spans of a service and scope are.
  struct Place {
    std::size_t resource;
    std::size_t scope;
  };

  Arena& arena() { return batch_.arena(); }
  void add_text(std::string_view key, std::string_view text);
  void add_port(std::string_view key, std::uint64_t port);
  void put(std::string_view key, const Value& value);
  Place place_of(const std::string& service, const std::string& scope);

  const TranslateOptions options_;
  Batch batch_{Signal::kTraces};
  Span span_;
  std::string service_;
  std::string scope_;
  // Of the present span, where it has many: a span of a million tags takes no square of a million.
  std::map<std::string_view, std::size_t> attribute_indices_;
  std::map<std::string, std::size_t> resources_;  // service -> index
  std::map<std::pair<std::string, std::string>, Place> places_;
};

}  // namespace kolben::receivers::zipkin
