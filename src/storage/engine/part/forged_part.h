// For tests: parts whose checksums are right and whose rows are not.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/directory.h"
#include "storage/engine/part/memory_part.h"

namespace kolben::storage::part {

// The part with another footer: `forge(directory)` changes that of each row group.
template <typename Forge>
std::string with_directories(const std::string& bytes, Forge forge) {
  Cursor trailer(std::string_view(bytes).substr(bytes.size() - kTrailerBytes));
  const auto offset = trailer.fixed<std::uint64_t>();
  const auto size = trailer.fixed<std::uint32_t>();
  const std::string_view text = std::string_view(bytes).substr(offset, size);
  const auto footer = decode_footer(text);
  EXPECT_TRUE(footer.has_value()) << footer.status().to_string();
  std::vector<std::string> groups;
  for (const std::uint32_t place : footer->group_offsets) {
    auto directory = decode_group(text, place);
    forge(*directory);
    encode_group(*directory, groups.emplace_back());
  }
  std::string forged;
  encode_footer(footer->facts, footer->columns, footer->blocks, groups, forged);
  std::string end;
  put_fixed(end, offset);
  put_fixed(end, static_cast<std::uint32_t>(forged.size()));
  put_fixed(end, crc32c(forged));
  put_fixed(end, std::uint64_t{offset + forged.size() + kTrailerBytes});
  put_fixed(end, crc32c(end));
  put_fixed(end, kTrailerMagic);
  return bytes.substr(0, offset) + forged + end;
}

// A column of a number for each row has the fewer, different ones of another.
inline std::string with_short_column(const std::string& bytes, std::uint32_t column) {
  return with_directories(bytes, [column](GroupDirectory& group) {
    for (Chunk& chunk : group.chunks) {
      if (chunk.column != column) continue;
      for (const Chunk& other : group.chunks) {
        const bool has_numbers = other.least != other.greatest;
        if (has_numbers && other.values > 0 && other.values < group.facts.rows) {
          chunk = other;
          chunk.column = column;
          return;
        }
      }
    }
    ADD_FAILURE() << "no column to take instead of " << column;
  });
}

}  // namespace kolben::storage::part
