// TableBuilder: makes the parts of one table (spans, log records, metric points) from requests.
// A file for each table; build_parts() puts them together. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/batch.h"
#include "storage/engine/part_output.h"
#include "storage/engine/request.h"
#include "storage/engine/retention_classes.h"
#include "storage/engine/tail.h"

namespace kolben::storage::engine {

// A part that was written and is not live yet.
struct BuiltPart {
  std::shared_ptr<const part::Part> part;
  std::uint64_t number = 0;  // of its file; 0 in memory
  std::uint32_t merges = 0;  // that are behind it
};

// What the rows of requests have in common.
struct Arrival {
  std::uint64_t first_received = UINT64_MAX, last_received = 0;
  std::uint64_t last_sequence = 0;
};

class TableBuilder {
 public:
  virtual ~TableBuilder() = default;
  // The rows of a request of this table's signal. INVALID_ARGUMENT where it cannot be decoded,
  // which costs this request alone.
  virtual Status add(const Request& request) = 0;
  // Appends a part of each retention class that has rows.
  virtual Status finish(const Arrival& arrival, std::vector<BuiltPart>& parts) = 0;
  // Copies that fingerprints did not show.
  virtual std::uint64_t copies() const { return 0; }
};

// What is passed outlives the builder.
std::unique_ptr<TableBuilder> make_span_builder(const RetentionClasses& classes,
                                                PartTarget& target);
std::unique_ptr<TableBuilder> make_log_builder(PartTarget& target);
std::unique_ptr<TableBuilder> make_point_builder(PartTarget& target);

// The request's body as decoded telemetry.
Result<Batch> decode_request(const Request& request);
// For writers of parts: what is known of the rows without looking at them.
void note_arrival(part::PartFacts& facts, const Arrival& arrival);
// The fingerprints of whole requests, as the block of a part.
std::string encode_fingerprints(const std::vector<std::uint64_t>& fingerprints);

struct BuildOutcome {
  std::vector<BuiltPart> parts;
  Requests unreadable;  // which could not be decoded
  std::uint64_t copies = 0;
};

// The parts of all tables.
Result<BuildOutcome> build_parts(const Requests& requests, const RetentionClasses& classes,
                                 PartTarget& target);

}  // namespace kolben::storage::engine
