// HPACK: header lists of HTTP/2, of one direction of one connection (RFC 7541). Every block since
// the begin of the connection has to come, in order, for each may change the table.
//
// Bounds: the table, the fields that are kept of a block (others are read and left out). What is no
// HPACK, or beyond a bound of the table, is answered with false; after that nothing can be decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent::http2 {

// What a peer may make its table: 16 times the protocol's default.
inline constexpr std::size_t kTableBytesMax = 64 * 1024;
inline constexpr std::size_t kTableBytesDefault = 4096;
// Of a block.
inline constexpr std::size_t kFieldsMax = 128;
inline constexpr std::size_t kFieldBytesMax = 16 * 1024;

struct Field {
  std::string name, value;
};

class HpackDecoder {
 public:
  // What the peer announced (SETTINGS_HEADER_TABLE_SIZE); a block may choose less.
  void set_table_bytes_max(std::size_t bytes);
  bool decode(std::string_view block, std::vector<Field>& fields);

  std::size_t table_bytes() const { return table_bytes_; }
  std::size_t table_fields() const { return table_.size(); }

 private:
  bool field(std::string_view& block, std::vector<Field>& fields);
  bool literal(std::string_view& block, int prefix_bits, Field& field) const;
  bool indexed(std::uint64_t index, Field& field) const;
  void insert(const Field& field);
  void shrink(std::size_t bytes);

  std::deque<Field> table_;  // the newest first
  std::size_t table_bytes_ = 0;
  std::size_t limit_ = kTableBytesDefault;      // as the last update says
  std::size_t limit_max_ = kTableBytesDefault;  // as the settings say
};

}  // namespace kolben::agent::http2
