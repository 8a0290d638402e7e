// The trace index of a part: from the hash of a trace id to the rows where it begins. See
// docs/formats/part.md. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/ids.h"
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
  // Says that find() is asked soon.
  void expect(const BlockSource& source, const TraceId& id) const;
  // Reads every block.
  Status check(const BlockSource& source) const;

 private:
  std::size_t first_block(std::uint32_t hash) const;

  std::vector<std::uint32_t> first_hashes_;
  std::vector<BlockRef> blocks_;
};

}  // namespace kolben::storage::part
