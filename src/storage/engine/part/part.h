// Part: an opened part, and RowGroup: one of its row groups, whose columns are loaded as they are
// asked for. Parts are immutable and serve any thread; a RowGroup serves one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "model/resource.h"
#include "storage/engine/part/directory.h"
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
  Result<GroupDirectory> directory(std::size_t index) const;

  // Appends where the trace may begin.
  Status find_trace(const TraceId& id, std::vector<TracePlace>& places) const;
  Result<std::vector<OperationCount>> operations() const;
  // Of a part straight from the log; empty otherwise.
  Result<std::vector<std::uint64_t>> fingerprints() const;
  // Reads every block; DATA_LOSS names the first that is damaged.
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

class RowGroup {
 public:
  static Result<RowGroup> open(std::shared_ptr<const Part> part, std::size_t index);
  RowGroup(RowGroup&&) = default;
  RowGroup& operator=(RowGroup&&) = default;

  const Part& part() const { return *part_; }
  std::size_t index() const { return index_; }
  std::uint32_t rows() const { return directory_.facts.rows; }
  const GroupDirectory& directory() const { return directory_; }

  // Core and attribute columns, loaded at the first call and kept. A column that the row group does
  // not have is DATA_LOSS: ask directory().find() first where it may be missing.
  Result<const NumberColumn*> numbers(std::uint32_t column);
  Result<const TextColumn*> texts(std::uint32_t column);
  // The same, where the dictionary may be enough: codes may be missing.
  Result<const NumberColumn*> number_dictionary(std::uint32_t column);
  Result<const TextColumn*> text_dictionary(std::uint32_t column);
  Result<std::string_view> raw(std::uint32_t column, std::uint32_t width);

  // Shapes of a place: each the columns (256 + place in the part's list) of its attributes.
  using Shape = std::vector<std::uint32_t>;
  Result<std::span<const Shape>> shapes(Place place);
  // The shape of each row (event, link).
  Result<const NumberColumn*> shape_column(Place place);
  // For each value of an attribute column, its row (event, link): ascending.
  Result<std::span<const std::uint32_t>> rows_of(std::uint32_t column);

 private:
  RowGroup() = default;
  Result<const Chunk*> chunk(std::uint32_t column) const;
  Status load_shapes();
  std::uint32_t shape_column_of(Place place) const;

  std::shared_ptr<const Part> part_;
  std::size_t index_ = 0;
  GroupDirectory directory_;
  struct Numbers {
    NumberColumn column;
    bool has_codes = false;
  };
  struct Texts {
    TextColumn column;
    bool has_codes = false;
  };
  // Nodes stay where they are: pointers into them are given out.
  std::map<std::uint32_t, Numbers> numbers_;
  std::map<std::uint32_t, Texts> texts_;
  std::map<std::uint32_t, Bytes> raw_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> rows_of_;
  std::array<std::vector<Shape>, kPlaces> shapes_;
  bool has_shapes_ = false;
};

}  // namespace kolben::storage::part
