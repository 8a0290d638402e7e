#include "storage/engine/part/directory.h"

#include <algorithm>

#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

// The fewest bytes that an entry takes: bounds what a damaged count makes us reserve.
constexpr std::size_t kColumnBytesMin = 4;
constexpr std::size_t kGroupBytesMin = 5;
constexpr std::size_t kChunkBytesMin = 4;
// Offsets in footers are 32 bits wide.
constexpr std::size_t kFooterBytesMax = std::size_t{1} << 30;

void put_ref(std::string& out, const BlockRef& ref) {
  put_varint(out, ref.offset);
  put_varint(out, ref.bytes);
  if (ref.bytes > 0) put_fixed(out, ref.crc);
}

BlockRef read_ref(Cursor& in) {
  BlockRef ref;
  ref.offset = in.varint();
  const std::uint64_t bytes = in.varint();
  if (bytes > UINT32_MAX) in.fail();
  ref.bytes = static_cast<std::uint32_t>(bytes);
  if (ref.bytes > 0) ref.crc = in.fixed<std::uint32_t>();
  return ref;
}

std::uint32_t read_uint32(Cursor& in) {
  const std::uint64_t value = in.varint();
  if (value > UINT32_MAX) in.fail();
  return static_cast<std::uint32_t>(value);
}

bool has_dictionary(ChunkForm form) {
  return form == ChunkForm::kConstant || form == ChunkForm::kDictionary;
}
bool has_data(ChunkForm form) {
  return form != ChunkForm::kConstant;
}

void put_chunk(std::string& out, const Chunk& chunk) {
  put_varint(out, chunk.column);
  put_fixed(out, static_cast<std::uint8_t>(chunk.form));
  put_varint(out, chunk.values);
  put_varint(out, chunk.distinct);
  put_varint(out, chunk.least);
  put_varint(out, chunk.greatest);
  if (has_dictionary(chunk.form)) put_ref(out, chunk.dictionary);
  if (has_data(chunk.form)) put_ref(out, chunk.data);
  if (chunk.form == ChunkForm::kPlain) put_ref(out, chunk.filter);
}

Chunk read_chunk(Cursor& in) {
  Chunk chunk;
  chunk.column = read_uint32(in);
  const std::uint8_t form = in.byte();
  if (form > static_cast<std::uint8_t>(ChunkForm::kRaw)) in.fail();
  chunk.form = static_cast<ChunkForm>(form);
  chunk.values = read_uint32(in);
  chunk.distinct = read_uint32(in);
  chunk.least = in.varint();
  chunk.greatest = in.varint();
  if (has_dictionary(chunk.form)) chunk.dictionary = read_ref(in);
  if (has_data(chunk.form)) chunk.data = read_ref(in);
  if (chunk.form == ChunkForm::kPlain) chunk.filter = read_ref(in);
  return chunk;
}

GroupDirectory read_group(Cursor& in) {
  GroupDirectory group;
  group.facts.rows = read_uint32(in);
  group.facts.first_time = in.varint();
  group.facts.last_time = group.facts.first_time + in.varint();
  group.shapes = read_ref(in);
  const std::size_t chunks = in.count(kChunkBytesMin);
  group.chunks.reserve(chunks);
  for (std::size_t i = 0; i < chunks && !in.failed(); ++i) {
    group.chunks.push_back(read_chunk(in));
    if (i > 0 && group.chunks[i - 1].column >= group.chunks[i].column) in.fail();
  }
  return group;
}

void put_facts(std::string& out, const PartFacts& facts) {
  put_varint(out, facts.rows);
  put_varint(out, facts.first_time);
  put_varint(out, facts.last_time);
  put_varint(out, facts.first_received);
  put_varint(out, facts.last_received);
  put_varint(out, facts.last_sequence);
  put_varint(out, facts.retention_class);
  put_varint(out, kGroupRowsMax);
}

void read_facts(Cursor& in, PartFacts& facts) {
  facts.rows = in.varint();
  facts.first_time = in.varint();
  facts.last_time = in.varint();
  facts.first_received = in.varint();
  facts.last_received = in.varint();
  facts.last_sequence = in.varint();
  facts.retention_class = read_uint32(in);
  static_cast<void>(in.varint());  // rows per row group: each says its own
}

}  // namespace

const Chunk* GroupDirectory::find(std::uint32_t column) const {
  const auto found = std::lower_bound(
      chunks.begin(), chunks.end(), column,
      [](const Chunk& chunk, std::uint32_t wanted) { return chunk.column < wanted; });
  return found != chunks.end() && found->column == column ? &*found : nullptr;
}

void encode_group(const GroupDirectory& group, std::string& out) {
  put_varint(out, group.facts.rows);
  put_varint(out, group.facts.first_time);
  put_varint(out, group.facts.last_time - group.facts.first_time);
  put_ref(out, group.shapes);
  put_varint(out, group.chunks.size());
  for (const Chunk& chunk : group.chunks) put_chunk(out, chunk);
}

void encode_footer(const PartFacts& facts, std::span<const AttributeColumn> columns,
                   const PartBlocks& blocks, std::span<const std::string> groups,
                   std::string& out) {
  out.append(kMagic);
  put_fixed(out, kVersion);
  put_fixed(out, static_cast<std::uint32_t>(facts.table));
  put_facts(out, facts);
  put_varint(out, columns.size());
  for (const AttributeColumn& column : columns) {
    put_fixed(out, static_cast<std::uint8_t>(column.place));
    put_fixed(out, static_cast<std::uint8_t>(column.type));
    put_text(out, column.key);
    put_varint(out, column.values);
  }
  put_ref(out, blocks.resources);
  put_ref(out, blocks.scopes);
  put_ref(out, blocks.operations);
  put_ref(out, blocks.trace_index);
  put_ref(out, blocks.fingerprints);
  put_ref(out, blocks.series);
  put_varint(out, groups.size());
  for (const std::string& group : groups) out.append(group);
}

Result<Footer> decode_footer(std::string_view bytes) {
  if (bytes.size() > kFooterBytesMax) return data_loss("the footer is too large");
  Cursor in(bytes);
  Footer footer;
  if (in.bytes(kMagic.size()) != kMagic) return data_loss("the footer does not begin as it should");
  const auto version = in.fixed<std::uint32_t>();
  if (version != kVersion) {
    return failed_precondition("it has version " + std::to_string(version) +
                               " of the format, and this program reads version " +
                               std::to_string(kVersion));
  }
  const auto table = in.fixed<std::uint32_t>();
  if (table < 1 || table > 3) in.fail();
  footer.facts.table = static_cast<Table>(table);
  read_facts(in, footer.facts);
  const std::size_t columns = in.count(kColumnBytesMin);
  for (std::size_t i = 0; i < columns && !in.failed(); ++i) {
    AttributeColumn& column = footer.columns.emplace_back();
    const std::uint8_t place = in.byte();
    if (place >= kPlaces) in.fail();
    column.place = static_cast<Place>(place);
    const std::uint8_t type = in.byte();
    if (type > static_cast<std::uint8_t>(ColumnType::kBytes) &&
        type != static_cast<std::uint8_t>(ColumnType::kRest)) {
      in.fail();
    }
    column.type = static_cast<ColumnType>(type);
    column.key = in.text();
    column.values = in.varint();
  }
  footer.blocks.resources = read_ref(in);
  footer.blocks.scopes = read_ref(in);
  footer.blocks.operations = read_ref(in);
  footer.blocks.trace_index = read_ref(in);
  footer.blocks.fingerprints = read_ref(in);
  footer.blocks.series = read_ref(in);
  const std::size_t groups = in.count(kGroupBytesMin);
  for (std::size_t i = 0; i < groups && !in.failed(); ++i) {
    footer.group_offsets.push_back(static_cast<std::uint32_t>(bytes.size() - in.left()));
    footer.groups.push_back(read_group(in).facts);
  }
  if (!in.is_done()) return data_loss("the footer is malformed");
  return footer;
}

Result<GroupDirectory> decode_group(std::string_view footer, std::uint32_t offset) {
  if (offset > footer.size()) return data_loss("a row group lies outside of the footer");
  Cursor in(footer.substr(offset));
  GroupDirectory group = read_group(in);
  if (in.failed()) return data_loss("the directory of a row group is malformed");
  return group;
}

}  // namespace kolben::storage::part
