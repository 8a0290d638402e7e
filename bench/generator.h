// The reference data of all benches: spans as SDK exporters send them. 20 services of 3 instances
// each; a request holds 512 spans of one instance, so that the spans of a trace are scattered over
// requests. About 12.9 spans a trace, 8.4 attributes a span (HTTP servers, gRPC servers and
// clients, databases, internal), 14 attributes a resource, 2 % errors with an exception event,
// random ids, times of nanoseconds; about 424 bytes a span. The wide data have 25 attributes a
// span, three of them UUIDs. The same seed makes the same bytes. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "wire/protobuf_writer.h"

namespace kolben::bench {

enum class SpanData : std::uint8_t { kNarrow, kWide };

class SpanGenerator {
 public:
  static constexpr std::uint32_t kSpansPerRequest = 512;
  static constexpr std::uint32_t kServices = 20;
  static constexpr std::uint32_t kInstances = 3;

  static constexpr std::uint64_t kBegin = 1'700'000'000'000'000'000;

  explicit SpanGenerator(std::uint64_t seed = 1, SpanData data = SpanData::kNarrow,
                         std::uint64_t begin_unix_nano = kBegin);

  // The next full ExportTraceServiceRequest, without end.
  std::string next_request();
  // The requests of instances that are not full yet, so that every trace is whole.
  std::vector<std::string> finish();

  // Of what was generated so far, returned or not.
  std::uint64_t spans() const { return spans_; }
  std::uint64_t traces() const { return traces_; }
  std::uint64_t attributes() const { return attributes_; }

 private:
  struct Instance {
    std::string spans;  // the fields of its ScopeSpans
    std::uint32_t count = 0;
  };
  struct SpanContext {
    std::string_view trace_id;
    std::uint64_t parent_id;  // 0: a root
    std::uint32_t instance;
    std::uint64_t start_nanos;
    std::uint64_t duration_nanos;
  };
  enum class Kind : std::uint8_t { kHttpServer, kRpcServer, kRpcClient, kDatabase, kInternal };

  void generate_trace();
  // A server span with all below it; returns nothing, writes to the instances.
  void generate_server(Kind kind, const SpanContext& context, int depth);
  void generate_call(const SpanContext& context, int depth);
  // Writes one span and returns its id.
  std::uint64_t write_span(Kind kind, const SpanContext& context);
  void write_attributes(Kind kind, bool failed, wire::ProtobufWriter& out);
  // Up to kWideAttributes.
  void write_more_attributes(std::uint64_t before, wire::ProtobufWriter& out);
  void write_exception(std::uint64_t time_nanos, wire::ProtobufWriter& out);
  void text(std::string_view key, std::string_view value, wire::ProtobufWriter& out);
  void integer(std::string_view key, std::uint64_t value, wire::ProtobufWriter& out);
  void real(std::string_view key, double value, wire::ProtobufWriter& out);
  void boolean(std::string_view key, bool value, wire::ProtobufWriter& out);

  std::string request_of(std::uint32_t instance);
  std::uint32_t some_instance(std::uint32_t service);
  // `mean` on average, as a whole number next to it.
  std::uint32_t about(double mean);

  Random random_;
  const SpanData data_;
  std::array<Instance, kServices * kInstances> instances_;
  std::vector<std::string> ready_;  // full requests
  std::string span_;                // the one at hand
  std::uint64_t now_nanos_;
  std::uint64_t spans_ = 0;
  std::uint64_t traces_ = 0;
  std::uint64_t attributes_ = 0;
};

// At least `spans` spans in full requests.
std::vector<std::string> make_requests(std::uint64_t spans, std::uint64_t seed = 1);

}  // namespace kolben::bench
