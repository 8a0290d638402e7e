#include <algorithm>
#include <bit>
#include <numeric>

#include "base/check.h"
#include "base/hash.h"
#include "storage/engine/part/chunk.h"
#include "storage/engine/part/filter.h"

namespace kolben::storage::part {
namespace {

// So few different values always become a dictionary, and so large a part of them still does.
constexpr std::size_t kDistinctFew = 64;
constexpr std::size_t kValuesPerDistinct = 4;
// A filter of fewer values says less than reading them costs.
constexpr std::size_t kFilterValuesMin = 64;
constexpr std::size_t kSlotsFirst = 64;

bool is_dictionary_better(std::size_t distinct, std::size_t values) {
  return distinct <= values / kValuesPerDistinct || (distinct <= kDistinctFew && distinct < values);
}

Chunk chunk_of(ChunkForm form, std::size_t values, std::size_t distinct) {
  Chunk chunk;
  chunk.form = form;
  chunk.values = static_cast<std::uint32_t>(values);
  chunk.distinct = static_cast<std::uint32_t>(distinct);
  return chunk;
}

BlockRef put_ints(std::span<const std::uint64_t> values, Order order, BlockSink& sink) {
  std::string block;
  encode_ints(values, order, block);
  return sink(block);
}

BlockRef put_texts(std::span<const std::string_view> values, BlockSink& sink) {
  std::string block;
  encode_texts(values, block);
  return sink(block);
}

BlockRef put_codes(std::span<const std::uint32_t> codes, std::span<const std::uint32_t> ranks,
                   BlockSink& sink) {
  std::vector<std::uint32_t> ranked(codes.size());
  std::transform(codes.begin(), codes.end(), ranked.begin(),
                 [ranks](std::uint32_t code) { return ranks[code]; });
  std::string block;
  encode_ints(ranked, block);
  return sink(block);
}

// Sorts the entries; the result is the new place of each.
template <typename T>
std::vector<std::uint32_t> sort_entries(std::vector<T>& entries) {
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&entries](std::uint32_t a, std::uint32_t b) { return entries[a] < entries[b]; });
  std::vector<std::uint32_t> ranks(entries.size());
  std::vector<T> sorted;
  sorted.reserve(entries.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    ranks[order[rank]] = rank;
    sorted.push_back(entries[order[rank]]);
  }
  entries = std::move(sorted);
  return ranks;
}

// The different numbers among `values`, and which of them each value is.
struct Distinct {
  std::vector<std::uint64_t> entries;
  std::vector<std::uint32_t> codes;
};

// Empty where a dictionary would not be better.
Distinct find_distinct(std::span<const std::uint64_t> values) {
  constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15;
  const std::size_t limit = std::max(values.size() / kValuesPerDistinct, kDistinctFew);
  const std::size_t slot_count = std::bit_ceil(limit * 2);
  const int shift = 64 - std::countr_zero(slot_count);
  std::vector<std::uint32_t> slots(slot_count);  // entry + 1; 0: free
  Distinct found;
  found.codes.reserve(values.size());
  for (const std::uint64_t value : values) {
    std::size_t slot = (value ^ value >> 32) * kMixer >> shift;
    while (slots[slot] != 0 && found.entries[slots[slot] - 1] != value) {
      slot = (slot + 1) & (slot_count - 1);
    }
    if (slots[slot] == 0) {
      if (found.entries.size() == limit) return {};
      found.entries.push_back(value);
      slots[slot] = static_cast<std::uint32_t>(found.entries.size());
    }
    found.codes.push_back(slots[slot] - 1);
  }
  return is_dictionary_better(found.entries.size(), values.size()) ? found : Distinct{};
}

}  // namespace

Chunk NumberChunkWriter::finish(BlockSink& sink) {
  const std::vector<std::uint64_t> values = std::exchange(values_, {});
  if (values.empty()) return chunk_of(ChunkForm::kConstant, 0, 0);
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  Chunk chunk = chunk_of(ChunkForm::kConstant, values.size(), 1);
  if (*least != *greatest) {
    Distinct distinct;
    if (with_dictionary_) distinct = find_distinct(values);
    chunk.distinct = static_cast<std::uint32_t>(distinct.entries.size());
    if (distinct.entries.empty()) {
      chunk.form = ChunkForm::kPlain;
      chunk.data = put_ints(values, order_, sink);
    } else {
      chunk.form = ChunkForm::kDictionary;
      const std::vector<std::uint32_t> ranks = sort_entries(distinct.entries);
      chunk.dictionary = put_ints(distinct.entries, Order::kDifferences, sink);
      chunk.data = put_codes(distinct.codes, ranks, sink);
    }
  }
  chunk.least = *least;
  chunk.greatest = *greatest;
  return chunk;
}

void TextChunkWriter::add(std::string_view value) {
  codes_.push_back(code_of(value));
}

std::uint32_t TextChunkWriter::code_of(std::string_view value) {
  if (entries_.size() * 2 >= slots_.size()) grow();
  const std::uint64_t hash = hash64(value);
  const auto high = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (; slots_[at].entry != 0; at = (at + 1) & mask) {
    const std::uint32_t entry = slots_[at].entry - 1;
    if (slots_[at].hash_high == high && entries_[entry] == value) return entry;
  }
  entries_.push_back(arena_.copy(value));
  hashes_.push_back(hash);
  bytes_ += value.size();
  slots_[at] = {high, static_cast<std::uint32_t>(entries_.size())};
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

void TextChunkWriter::grow() {
  slots_.assign(std::max(slots_.size() * 2, kSlotsFirst), Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t entry = 0; entry < entries_.size(); ++entry) {
    std::size_t at = hashes_[entry] & mask;
    while (slots_[at].entry != 0) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(hashes_[entry] >> 32), entry + 1};
  }
}

Chunk TextChunkWriter::finish(BlockSink& sink) {
  TextChunkWriter whole = std::exchange(*this, TextChunkWriter());
  const std::vector<std::uint32_t>& codes = whole.codes_;
  std::vector<std::string_view>& entries = whole.entries_;
  Chunk chunk = chunk_of(ChunkForm::kConstant, codes.size(), entries.size());
  if (codes.empty()) return chunk;
  if (entries.size() == 1) {
    chunk.dictionary = put_texts(entries, sink);
    return chunk;
  }
  if (is_dictionary_better(entries.size(), codes.size())) {
    chunk.form = ChunkForm::kDictionary;
    const std::vector<std::uint32_t> ranks = sort_entries(entries);
    chunk.dictionary = put_texts(entries, sink);
    chunk.data = put_codes(codes, ranks, sink);
    return chunk;
  }
  chunk.form = ChunkForm::kPlain;
  std::vector<std::string_view> values;
  values.reserve(codes.size());
  for (const std::uint32_t code : codes) values.push_back(entries[code]);
  chunk.data = put_texts(values, sink);
  if (codes.size() > kFilterValuesMin) {
    std::string filter;
    encode_filter(entries, filter);
    chunk.filter = sink(filter);
  }
  return chunk;
}

}  // namespace kolben::storage::part
