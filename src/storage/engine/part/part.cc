#include "storage/engine/part/part.h"

#include <algorithm>
#include <string>

#include "base/hash.h"
#include "otlp/fragments.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/part_writer.h"

namespace kolben::storage::part {
namespace {

// The trailer, checked: where the footer is.
Result<BlockRef> read_trailer(const BlockSource& source) {
  const std::uint64_t size = source.size();
  if (size < kHeaderBytes + kTrailerBytes) return data_loss("it is too short to be a part");
  KOLBEN_TRY(const Bytes bytes, source.read_raw(size - kTrailerBytes, kTrailerBytes));
  Cursor in(bytes.view());
  BlockRef footer;
  footer.offset = in.fixed<std::uint64_t>();
  footer.bytes = in.fixed<std::uint32_t>();
  footer.crc = in.fixed<std::uint32_t>();
  const auto whole = in.fixed<std::uint64_t>();
  const auto crc = in.fixed<std::uint32_t>();
  const auto magic = in.fixed<std::uint32_t>();
  constexpr std::size_t kChecked = 24;
  if (magic != kTrailerMagic || crc != crc32c(bytes.view().substr(0, kChecked)) || whole != size) {
    return data_loss("its end is missing or damaged");
  }
  return footer;
}

// The entries of a table, each read by `read(message, schema_url)`.
template <typename Read>
Status read_entries(std::string_view text, Read read) {
  Cursor in(text);
  constexpr std::size_t kEntryBytesMin = 2;
  const std::size_t count = in.count(kEntryBytesMin);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    const std::string_view message = in.text();
    const std::string_view schema_url = in.text();
    if (!in.failed() && !read(message, schema_url)) in.fail();
  }
  return in.is_done() ? Status::ok() : data_loss("a table of resources or scopes is malformed");
}

Result<std::string> read_envelope(const BlockSource& source, const BlockRef& ref) {
  KOLBEN_TRY(const Bytes bytes, source.read(ref));
  return open_envelope(bytes.view());
}

}  // namespace

Result<std::shared_ptr<const Part>> Part::open(std::shared_ptr<const BlockSource> source) {
  KOLBEN_TRY(const BlockRef footer, read_trailer(*source));
  auto part = std::shared_ptr<Part>(new Part());
  KOLBEN_TRY(part->footer_bytes_, source->read(footer));
  KOLBEN_TRY(part->footer_, decode_footer(part->footer_bytes_.view()));
  part->footer_.facts.bytes = source->size();
  part->source_ = std::move(source);
  KOLBEN_RETURN_IF_ERROR(part->load_tables());
  return std::shared_ptr<const Part>(std::move(part));
}

Status Part::load_tables() {
  KOLBEN_TRY(resources_text_, read_envelope(*source_, footer_.blocks.resources));
  KOLBEN_RETURN_IF_ERROR(
      read_entries(resources_text_, [this](std::string_view message, std::string_view schema_url) {
        ResourceEntry& entry = resources_.emplace_back();
        entry.schema_url = schema_url;
        if (!otlp::decode_fragment(message, entry.resource, arena_)) return false;
        entry.service = service_name(entry.resource);
        return true;
      }));
  KOLBEN_TRY(scopes_text_, read_envelope(*source_, footer_.blocks.scopes));
  KOLBEN_RETURN_IF_ERROR(
      read_entries(scopes_text_, [this](std::string_view message, std::string_view schema_url) {
        ScopeEntry& entry = scopes_.emplace_back();
        entry.schema_url = schema_url;
        return otlp::decode_fragment(message, entry.scope, arena_);
      }));
  if (!footer_.blocks.trace_index.is_there()) return Status::ok();
  KOLBEN_TRY(trace_index_, TraceIndex::open(*source_, footer_.blocks.trace_index));
  return Status::ok();
}

Result<GroupDirectory> Part::directory(std::size_t index) const {
  if (index >= groups()) {
    return data_loss("row group " + std::to_string(index) + " is named, and is not there");
  }
  return decode_group(footer_bytes_.view(), footer_.group_offsets[index]);
}

Status Part::find_trace(const TraceId& id, std::vector<TracePlace>& places) const {
  return trace_index_.find(*source_, id, places);
}

// The blocks of a row group lie together.
void Part::expect_group(const GroupDirectory& group) const {
  std::uint64_t begin = group.shapes.is_there() ? group.shapes.offset : source_->size();
  std::uint64_t end = 0;
  const auto add = [&](const BlockRef& block) {
    if (!block.is_there()) return;
    begin = std::min(begin, block.offset);
    end = std::max(end, block.offset + block.bytes);
  };
  add(group.shapes);
  for (const Chunk& chunk : group.chunks) {
    add(chunk.dictionary);
    add(chunk.data);
  }
  constexpr std::uint64_t kExpectedMax = std::uint64_t{8} << 20;  // more than a row group has
  if (begin < end) source_->expect(begin, std::min(end - begin, kExpectedMax));
}

Result<std::vector<OperationCount>> Part::operations() const {
  if (!footer_.blocks.operations.is_there()) return std::vector<OperationCount>();
  KOLBEN_TRY(const Bytes bytes, source_->read(footer_.blocks.operations));
  return decode_operations(bytes.view());
}

Result<std::vector<std::uint64_t>> Part::fingerprints() const {
  KOLBEN_TRY(const Bytes bytes, source_->read(footer_.blocks.fingerprints));
  std::vector<std::uint64_t> fingerprints(bytes.size() / sizeof(std::uint64_t));
  if (!fingerprints.empty()) {
    std::memcpy(fingerprints.data(), bytes.data(), fingerprints.size() * sizeof(fingerprints[0]));
  }
  return fingerprints;
}

Status Part::series(Arena& arena, DecodedSeries& out) const {
  KOLBEN_TRY(const Bytes bytes, source_->read(footer_.blocks.series));
  return decode_series(bytes.view(), arena, out);
}

Status Part::check() const {
  const auto check = [this](const BlockRef& ref) { return source_->read(ref).status(); };
  KOLBEN_TRY(const Bytes header, source_->read_raw(0, kHeaderBytes));
  if (header.view() != footer_bytes_.view().substr(0, kHeaderBytes)) {
    return data_loss("the header is damaged");
  }
  for (const BlockRef& ref :
       {footer_.blocks.resources, footer_.blocks.scopes, footer_.blocks.operations,
        footer_.blocks.fingerprints, footer_.blocks.series}) {
    KOLBEN_RETURN_IF_ERROR(check(ref));
  }
  KOLBEN_RETURN_IF_ERROR(trace_index_.check(*source_));
  for (std::size_t i = 0; i < groups(); ++i) {
    KOLBEN_TRY(const GroupDirectory group, directory(i));
    KOLBEN_RETURN_IF_ERROR(check(group.shapes));
    for (const Chunk& chunk : group.chunks) {
      KOLBEN_RETURN_IF_ERROR(check(chunk.dictionary));
      KOLBEN_RETURN_IF_ERROR(check(chunk.data));
      KOLBEN_RETURN_IF_ERROR(check(chunk.filter));
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::part
