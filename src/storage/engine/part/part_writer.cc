#include "storage/engine/part/part_writer.h"

#include <algorithm>

#include "base/hash.h"
#include "otlp/fragments.h"
#include "storage/engine/part/cursor.h"
#include "wire/compression.h"

namespace kolben::storage::part {
namespace {

// Tables are read as a whole: a damaged size must not make us reserve the memory of the machine.
constexpr std::uint64_t kEnvelopeBytesMax = std::uint64_t{1} << 30;

}  // namespace

std::string pack_envelope(std::string_view bytes) {
  std::string out;
  put_varint(out, bytes.size());
  out += wire::compress(wire::Compression::kZstd, bytes);
  return out;
}

Result<std::string> open_envelope(std::string_view bytes) {
  Cursor in(bytes);
  const std::uint64_t size = in.varint();
  if (in.failed() || size > kEnvelopeBytesMax) return data_loss("a table's size is nonsense");
  Result<std::string> text = wire::decompress(wire::Compression::kZstd, in.bytes(in.left()),
                                              static_cast<std::size_t>(size));
  if (!text || text->size() != size) return data_loss("a table cannot be decompressed");
  return text;
}

std::uint32_t EntryTable::number_of(std::string_view message, std::string_view schema_url) {
  std::string entry;
  put_text(entry, message);
  put_text(entry, schema_url);
  const auto [found, is_new] =
      numbers_.try_emplace(std::move(entry), static_cast<std::uint32_t>(entries_.size()));
  if (is_new) entries_.push_back(found->first);
  return found->second;
}

std::string EntryTable::encode() const {
  std::string text;
  put_varint(text, entries_.size());
  for (const std::string& entry : entries_) text += entry;
  return pack_envelope(text);
}

PartWriter::PartWriter(Table table, Append append)
    : append_(std::move(append)), sink_([this](std::string_view bytes) { return write(bytes); }) {
  facts_.table = table;
  std::string header(kMagic);
  put_fixed(header, kVersion);
  put_fixed(header, static_cast<std::uint32_t>(table));
  failure_ = append_(header);
  offset_ = header.size();
}

BlockRef PartWriter::write(std::string_view bytes) {
  BlockRef ref{offset_, static_cast<std::uint32_t>(bytes.size()), crc32c(bytes)};
  if (failure_.is_ok() && bytes.size() > UINT32_MAX) {
    failure_ = resource_exhausted("a block of a part would have more than 4 GiB");
  }
  if (failure_.is_ok()) failure_ = append_(bytes);
  offset_ += bytes.size();
  return ref;
}

std::uint32_t PartWriter::resource(const Resource& resource, std::string_view schema_url) {
  scratch_.clear();
  otlp::encode_fragment(resource, scratch_);
  const std::uint32_t number = resources_.number_of(scratch_, schema_url);
  if (number == services_.size()) services_.emplace_back(service_name(resource));
  return number;
}

std::uint32_t PartWriter::scope(const Scope& scope, std::string_view schema_url) {
  scratch_.clear();
  otlp::encode_fragment(scope, scratch_);
  return scopes_.number_of(scratch_, schema_url);
}

void PartWriter::add_group(GroupWriter& group, GroupFacts facts) {
  GroupDirectory directory = group.finish(sink_);
  directory.facts = facts;
  encode_group(directory, groups_.emplace_back());
  facts_.rows += facts.rows;
  facts_.first_time = std::min(facts_.first_time, facts.first_time);
  facts_.last_time = std::max(facts_.last_time, facts.last_time);
}

Status PartWriter::finish() {
  blocks_.resources = write(resources_.encode());
  blocks_.scopes = write(scopes_.encode());
  std::string footer;
  encode_footer(facts_, schema_.columns(), blocks_, groups_, footer);
  const BlockRef ref = write(footer);
  std::string trailer;
  put_fixed(trailer, ref.offset);
  put_fixed(trailer, ref.bytes);
  put_fixed(trailer, ref.crc);
  put_fixed(trailer, std::uint64_t{offset_ + kTrailerBytes});
  put_fixed(trailer, crc32c(trailer));
  put_fixed(trailer, kTrailerMagic);
  static_cast<void>(write(trailer));
  return failure_;
}

}  // namespace kolben::storage::part
