// Batch: telemetry of one signal on its way through a pipeline.
//
// A batch is in one of two forms:
//  - wire: one or more pieces, each the protobuf bytes of one OTLP Export*ServiceRequest, as they
//    came, possibly still compressed as well. Concatenated, the uncompressed pieces are one valid
//    request, because a request is nothing but one repeated field: merging batches is
//    concatenation, and a pipeline that changes nothing never decodes.
//  - decoded: the tree of model/{traces,metrics,logs}.h, its strings views into the pieces or into
//    the batch's arena.
// otlp/decode.h makes the second form of the first, otlp/encode.h the first of the second.
//
// Move-only; clone() is explicit. One thread at a time; the wire pieces are shared and immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "model/logs.h"
#include "model/metrics.h"
#include "model/traces.h"
#include "wire/compression.h"

namespace kolben {

enum class Signal : std::uint8_t { kTraces = 1, kMetrics = 2, kLogs = 3 };

inline constexpr Signal kAllSignals[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};

// "traces", "metrics", "logs".
std::string_view to_string(Signal signal);
// What is counted of a signal, in metric names: "spans", "metric_points", "log_records".
std::string_view items_name(Signal signal);

struct WirePiece {
  Bytes message;  // uncompressed Export*ServiceRequest
  // The same message as its sender compressed it; empty where it came plain.
  Bytes compressed;
  wire::Compression compression = wire::Compression::kNone;  // of `compressed`
};

// Decoded data and the memory that it lives in.
struct DecodedTraces {
  List<ResourceSpans> resources;
};
struct DecodedMetrics {
  List<ResourceMetrics> resources;
};
struct DecodedLogs {
  List<ResourceLogs> resources;
};

class Batch {
 public:
  // An empty batch in decoded form.
  explicit Batch(Signal signal);
  // The wire form. `items` is what otlp::check() counted in the pieces.
  static Batch from_wire(Signal signal, std::vector<WirePiece> pieces, std::uint64_t items);

  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;
  // Wire pieces are shared, decoded data is copied deeply.
  Batch clone() const;

  Signal signal() const { return signal_; }
  // Spans, data points or log records.
  std::uint64_t items() const { return items_; }
  bool empty() const { return items_ == 0; }
  // Uncompressed bytes held: of the pieces, and of the arena where there is decoded data; what
  // queues are bounded by.
  std::uint64_t bytes() const;

  bool is_wire() const { return !decoded_; }
  const std::vector<WirePiece>& pieces() const { return pieces_; }
  // Appends the pieces of `other`, which must be wire and of the same signal.
  void append_wire(Batch&& other);

  // Decoded data; each only for its signal, and only when !is_wire().
  DecodedTraces& traces();
  const DecodedTraces& traces() const;
  DecodedMetrics& metrics();
  const DecodedMetrics& metrics() const;
  DecodedLogs& logs();
  const DecodedLogs& logs() const;
  // Where new strings and lists of the decoded data go.
  Arena& arena() { return arena_; }

  // Turns a wire batch into an empty decoded one of the same signal that still owns its pieces, for
  // otlp::decode() to fill.
  void begin_decoded();
  // Counts the decoded items again, after somebody added or removed some.
  void recount();
  // Replaces the content by wire pieces; the decoded data is gone.
  void become_wire(std::vector<WirePiece> pieces, std::uint64_t items);

 private:
  using Decoded = std::variant<DecodedTraces, DecodedMetrics, DecodedLogs>;

  Signal signal_;
  std::uint64_t items_ = 0;
  std::vector<WirePiece> pieces_;  // owns the strings of decoded data too
  std::optional<Decoded> decoded_;
  Arena arena_;
};

}  // namespace kolben
