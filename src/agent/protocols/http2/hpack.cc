#include "agent/protocols/http2/hpack.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/protocols/http2/huffman.h"
#include "agent/protocols/http2/static_table.h"

namespace kolben::agent::http2 {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // 4.1: what a field counts beside its texts
constexpr std::uint64_t kIntegerMax = 0xffff'ffff;

// 5.1; false: the bytes end within it, or it is larger than any that makes sense.
bool take_integer(std::string_view& block, int prefix_bits, std::uint64_t& value) {
  if (block.empty()) return false;
  const std::uint64_t prefix_max = (1U << prefix_bits) - 1;
  value = static_cast<unsigned char>(block[0]) & prefix_max;
  block.remove_prefix(1);
  if (value < prefix_max) return true;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    if (block.empty()) return false;
    const auto byte = static_cast<unsigned char>(block[0]);
    block.remove_prefix(1);
    value += std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80U) == 0) return value <= kIntegerMax;
  }
  return false;
}

// 5.2
bool take_text(std::string_view& block, std::string& text) {
  text.clear();
  if (block.empty()) return false;
  const bool is_huffman = (static_cast<unsigned char>(block[0]) & 0x80U) != 0;
  std::uint64_t size = 0;
  if (!take_integer(block, 7, size) || size > block.size()) return false;
  const std::string_view bytes = block.substr(0, static_cast<std::size_t>(size));
  block.remove_prefix(bytes.size());
  if (is_huffman) return decode_huffman(bytes, text);
  text = bytes;
  return true;
}

}  // namespace

void HpackDecoder::set_table_bytes_max(std::size_t bytes) {
  limit_max_ = bytes;
  shrink(std::min(limit_, limit_max_));
  limit_ = std::min(limit_, limit_max_);
}

bool HpackDecoder::decode(std::string_view block, std::vector<Field>& fields) {
  while (!block.empty()) {
    if (!field(block, fields)) return false;
  }
  return true;
}

// 6
bool HpackDecoder::field(std::string_view& block, std::vector<Field>& fields) {
  const auto first = static_cast<unsigned char>(block[0]);
  Field result;
  if ((first & 0x80U) != 0) {  // 6.1: indexed
    std::uint64_t index = 0;
    if (!take_integer(block, 7, index) || !indexed(index, result)) return false;
  } else if ((first & 0xc0U) == 0x40) {  // 6.2.1: literal, goes into the table
    if (!literal(block, 6, result)) return false;
    insert(result);
  } else if ((first & 0xe0U) == 0x20) {  // 6.3: the table's size
    std::uint64_t size = 0;
    if (!take_integer(block, 5, size) || size > limit_max_ || size > kTableBytesMax) return false;
    limit_ = static_cast<std::size_t>(size);
    shrink(limit_);
    return true;
  } else if (!literal(block, 4, result)) {  // 6.2.2, 6.2.3: literal, does not
    return false;
  }
  const bool is_kept =
      fields.size() < kFieldsMax && result.name.size() + result.value.size() <= kFieldBytesMax;
  if (is_kept) fields.push_back(std::move(result));
  return true;
}

bool HpackDecoder::literal(std::string_view& block, int prefix_bits, Field& field) const {
  std::uint64_t index = 0;
  if (!take_integer(block, prefix_bits, index)) return false;
  if (index == 0) {
    if (!take_text(block, field.name)) return false;
  } else if (!indexed(index, field)) {
    return false;
  }
  return take_text(block, field.value);
}

// 2.3.3
bool HpackDecoder::indexed(std::uint64_t index, Field& field) const {
  if (index == 0) return false;
  if (index <= std::size(kStaticFields)) {
    field.name = kStaticFields[index - 1].name;
    field.value = kStaticFields[index - 1].value;
    return true;
  }
  const std::uint64_t dynamic = index - std::size(kStaticFields) - 1;
  if (dynamic >= table_.size()) return false;
  field = table_[static_cast<std::size_t>(dynamic)];
  return true;
}

// 4.4: one that is larger than the table empties it.
void HpackDecoder::insert(const Field& field) {
  const std::size_t bytes = field.name.size() + field.value.size() + kFieldOverhead;
  shrink(bytes > limit_ ? 0 : limit_ - bytes);
  if (bytes > limit_) return;
  table_.push_front(field);
  table_bytes_ += bytes;
}

void HpackDecoder::shrink(std::size_t bytes) {
  while (table_bytes_ > bytes) {
    const Field& oldest = table_.back();
    table_bytes_ -= oldest.name.size() + oldest.value.size() + kFieldOverhead;
    table_.pop_back();
  }
}

}  // namespace kolben::agent::http2
