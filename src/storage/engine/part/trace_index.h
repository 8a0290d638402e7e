// The trace index of a part: from the hash of a trace id to the rows where it begins. And the table
// of operations. See docs/formats/part.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/ids.h"
#include "model/traces.h"
#include "storage/engine/part/block.h"
#include "storage/engine/part/chunk.h"

namespace kolben::storage::part {

// The format's hash of a trace id: ids may be sequential, or zero in their upper half.
std::uint32_t trace_hash(const TraceId& id);

// Where a trace may begin; whether it does, the trace ids of the row group say.
struct TracePlace {
  std::uint32_t group = 0;
  std::uint32_t row = 0;
};

class TraceIndexWriter {
 public:
  void add(const TraceId& id, TracePlace place);
  // Writes the blocks and returns the reference to their list.
  BlockRef finish(BlockSink& sink);

 private:
  std::vector<std::pair<std::uint32_t, std::uint64_t>> entries_;  // hash; group << 16 | row
};

// The index opened: the list of its blocks in memory. Immutable; any thread.
class TraceIndex {
 public:
  TraceIndex() = default;
  static Result<TraceIndex> open(const BlockSource& source, const BlockRef& list);
  // Appends the places under the id's hash.
  Status find(const BlockSource& source, const TraceId& id, std::vector<TracePlace>& places) const;

 private:
  std::vector<std::uint32_t> first_hashes_;
  std::vector<BlockRef> blocks_;
};

// How often each service did what.
struct OperationCount {
  std::string service, name;
  SpanKind kind = SpanKind::kUnspecified;
  std::uint64_t spans = 0, errors = 0;
};

class OperationTable {
 public:
  void add(std::uint32_t resource, std::string_view name, SpanKind kind, bool is_error);
  // `service(resource)` names services; those of one service and name are added up.
  std::string encode(const std::vector<std::string>& services) const;

 private:
  struct Count {
    std::uint64_t spans = 0, errors = 0;
  };
  std::unordered_map<std::string, Count> counts_;  // resource, kind, name
};

Result<std::vector<OperationCount>> decode_operations(std::string_view bytes);

}  // namespace kolben::storage::part
