// Part: an opened part: its footer and its tables in memory, the rest read when asked for.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "model/resource.h"
#include "storage/engine/part/directory.h"
#include "storage/engine/part/operations.h"
#include "storage/engine/part/series.h"
#include "storage/engine/part/trace_index.h"

namespace kolben::storage::part {

struct ResourceEntry {
  Resource resource;
  std::string_view schema_url;
  std::string_view service;
};
struct ScopeEntry {
  Scope scope;
  std::string_view schema_url;
};

class Part {
 public:
  // Reads trailer, footer and tables. DATA_LOSS, with what and where, of a damaged part.
  static Result<std::shared_ptr<const Part>> open(std::shared_ptr<const BlockSource> source);

  const PartFacts& facts() const { return footer_.facts; }
  const BlockSource& source() const { return *source_; }
  const std::vector<AttributeColumn>& columns() const { return footer_.columns; }
  const std::vector<ResourceEntry>& resources() const { return resources_; }
  const std::vector<ScopeEntry>& scopes() const { return scopes_; }

  std::size_t groups() const { return footer_.groups.size(); }
  const GroupFacts& group(std::size_t index) const { return footer_.groups[index]; }
  // DATA_LOSS where there is no such row group: whoever names one may be damaged.
  Result<GroupDirectory> directory(std::size_t index) const;

  // Appends where the trace may begin.
  Status find_trace(const TraceId& id, std::vector<TracePlace>& places) const;
  // Say that find_trace(), or all of a row group, is asked for soon.
  void expect_trace(const TraceId& id) const { trace_index_.expect(*source_, id); }
  void expect_group(const GroupDirectory& group) const;
  Result<std::vector<OperationCount>> operations() const;
  // Of a part straight from the log; empty otherwise.
  Result<std::vector<std::uint64_t>> fingerprints() const;
  // Of a part of metric points.
  Status series(Arena& arena, DecodedSeries& out) const;
  // Reads every byte; DATA_LOSS names the first place that is damaged.
  Status check() const;

 private:
  Part() = default;
  Status load_tables();

  std::shared_ptr<const BlockSource> source_;
  Bytes footer_bytes_;
  Footer footer_;
  TraceIndex trace_index_;
  Arena arena_;
  std::string resources_text_, scopes_text_;
  std::vector<ResourceEntry> resources_;
  std::vector<ScopeEntry> scopes_;
};

}  // namespace kolben::storage::part
