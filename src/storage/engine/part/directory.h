// What a part's footer says: facts, columns, row groups and where their chunks are. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine/part/chunk.h"
#include "storage/engine/part/columns.h"

namespace kolben::storage::part {

inline constexpr std::string_view kMagic = "KOLBPART";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::uint32_t kTrailerMagic = 0x4b4c4b50;  // "PKLK"
inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kTrailerBytes = 32;

struct PartFacts {
  Table table = Table::kSpans;
  std::uint64_t rows = 0;
  // Of the rows' times (a span's start), nanoseconds since 1970; first > last where there are none.
  std::uint64_t first_time = UINT64_MAX, last_time = 0;
  std::uint64_t first_received = UINT64_MAX, last_received = 0;
  std::uint64_t last_sequence = 0;  // of the log records that are in it
  std::uint32_t retention_class = 0;
  std::uint64_t bytes = 0;  // of the whole part; not in the footer
};

// One row group: what is kept in memory of each; the rest is read from the footer when asked for.
struct GroupFacts {
  std::uint32_t rows = 0;
  std::uint64_t first_time = 0, last_time = 0;
};

struct GroupDirectory {
  GroupFacts facts;
  BlockRef shapes;
  std::vector<Chunk> chunks;  // ascending by column

  // Null where the row group has no such column.
  const Chunk* find(std::uint32_t column) const;
};

// References that the footer holds beside the row groups.
struct PartBlocks {
  BlockRef resources, scopes, operations, trace_index, fingerprints, series;
};

struct Footer {
  PartFacts facts;
  std::vector<AttributeColumn> columns;
  PartBlocks blocks;
  std::vector<GroupFacts> groups;
  std::vector<std::uint32_t> group_offsets;  // in the footer: where each one's directory begins
};

void encode_group(const GroupDirectory& group, std::string& out);
// `groups` are the encoded directories, `facts` theirs.
void encode_footer(const PartFacts& facts, std::span<const AttributeColumn> columns,
                   const PartBlocks& blocks, std::span<const std::string> groups, std::string& out);

// DATA_LOSS where malformed.
Result<Footer> decode_footer(std::string_view bytes);
Result<GroupDirectory> decode_group(std::string_view footer, std::uint32_t offset);

}  // namespace kolben::storage::part
