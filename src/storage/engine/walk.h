// walk(): the one look at an incoming request that the engine takes: where its spans and log
// records are, and the few fields of each that every query needs, without decoding the rest. Views
// point into the body. Pure functions; bounded by the body.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "storage/engine/format.h"
#include "storage/plan.h"

namespace kolben::storage::engine {

struct WalkedContext {
  std::string_view service;
  Slice resource, resource_schema, scope, scope_schema;
};

struct WalkedSpan {
  TraceId trace_id;
  SpanId span_id, parent_span_id;
  std::uint64_t start_unix_nano = 0;
  std::uint64_t duration_nanos = 0;
  std::string_view name;
  std::uint32_t context = 0;  // in the contexts of this walk
  Slice slice;
  std::uint8_t facts = 0;
  std::uint64_t fingerprint = 0;
};

struct WalkedLog {
  TraceId trace_id;
  SpanId span_id;
  std::uint64_t time_unix_nano = 0;
  std::uint32_t context = 0;
  Slice slice;
  std::uint8_t severity = 0;
};

// How often each attribute key came: a small table, open addressing.
class KeyCounts {
 public:
  struct Entry {
    std::string_view key;
    AttributeScope scope = AttributeScope::kSpan;
    std::uint64_t count = 0;
  };
  void add(std::string_view key, AttributeScope scope, std::uint64_t count = 1);
  const std::vector<Entry>& entries() const { return entries_; }
  void clear();

 private:
  void grow();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // index + 1; 0: free
};

struct Walked {
  std::vector<WalkedContext> contexts;
  std::vector<WalkedSpan> spans;
  std::vector<WalkedLog> logs;
  KeyCounts keys;  // of spans and what surrounds them
  std::uint64_t metric_points = 0;
  // Of logs and metrics: of the whole body, or 0 where nothing in it tells two requests apart (log
  // records without a time).
  std::uint64_t fingerprint = 0;
  // The body writes a message in several parts, which protobuf allows and nobody does: the slices
  // of contexts would be incomplete. Encode it anew first.
  bool is_scattered = false;

  void clear();
};

// Fills `walked`. INVALID_ARGUMENT where the body is malformed.
Status walk(Signal signal, std::string_view body, Walked& walked);

}  // namespace kolben::storage::engine
