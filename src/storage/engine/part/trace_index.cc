#include "storage/engine/part/trace_index.h"

#include <algorithm>
#include <cstring>

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/filter.h"
#include "storage/engine/part/part_writer.h"

namespace kolben::storage::part {
namespace {

constexpr std::size_t kBlockEntries = 1024;
constexpr int kRowBits = 16;

std::uint32_t hash_at(std::string_view hashes, std::size_t i) {
  std::uint32_t hash = 0;
  std::memcpy(&hash, hashes.data() + i * sizeof(hash), sizeof(hash));
  return hash;
}

// The places are decoded only where the hash is there: in most parts a trace is not.
Status find_in_block(std::string_view block, std::uint32_t hash, std::vector<TracePlace>& places) {
  Cursor in(block);
  const std::size_t count = in.count(sizeof(std::uint32_t));
  const std::string_view hashes = in.bytes(count * sizeof(std::uint32_t));
  if (in.failed()) return data_loss("a block of the trace index is malformed");
  std::vector<std::uint64_t> rows;
  for (std::size_t i = 0; i < count; ++i) {
    if (hash_at(hashes, i) != hash) continue;
    if (rows.empty() && !decode_ints(in.bytes(in.left()), count, rows)) {
      return data_loss("a block of the trace index is malformed");
    }
    places.push_back({static_cast<std::uint32_t>(rows[i] >> kRowBits),
                      static_cast<std::uint32_t>(rows[i] & ((1U << kRowBits) - 1))});
  }
  return Status::ok();
}

}  // namespace

std::uint32_t trace_hash(const TraceId& id) {
  return static_cast<std::uint32_t>(filter_hash(id.as_bytes()) >> 32);
}

void TraceIndexWriter::add(const TraceId& id, TracePlace place) {
  entries_.emplace_back(trace_hash(id), std::uint64_t{place.group} << kRowBits | place.row);
}

BlockRef TraceIndexWriter::finish(BlockSink& sink) {
  std::sort(entries_.begin(), entries_.end());
  std::string list;
  put_varint(list, (entries_.size() + kBlockEntries - 1) / kBlockEntries);
  std::string block;
  std::vector<std::uint64_t> places;
  for (std::size_t first = 0; first < entries_.size(); first += kBlockEntries) {
    const std::size_t end = std::min(first + kBlockEntries, entries_.size());
    block.clear();
    places.clear();
    put_varint(block, end - first);
    for (std::size_t i = first; i < end; ++i) {
      put_fixed(block, entries_[i].first);
      places.push_back(entries_[i].second);
    }
    encode_ints(places, Order::kAsTheyAre, block);
    const BlockRef ref = sink(block);
    put_fixed(list, entries_[first].first);
    put_varint(list, ref.offset);
    put_varint(list, ref.bytes);
    put_fixed(list, ref.crc);
  }
  entries_.clear();
  return sink(list);
}

Result<TraceIndex> TraceIndex::open(const BlockSource& source, const BlockRef& list) {
  KOLBEN_TRY(const Bytes bytes, source.read(list));
  TraceIndex index;
  if (!list.is_there()) return index;
  Cursor in(bytes.view());
  constexpr std::size_t kEntryBytesMin = 10;
  const std::size_t blocks = in.count(kEntryBytesMin);
  for (std::size_t i = 0; i < blocks && !in.failed(); ++i) {
    index.first_hashes_.push_back(in.fixed<std::uint32_t>());
    BlockRef& ref = index.blocks_.emplace_back();
    ref.offset = in.varint();
    ref.bytes = static_cast<std::uint32_t>(in.varint());
    ref.crc = in.fixed<std::uint32_t>();
  }
  if (!in.is_done()) return data_loss("the list of the trace index is malformed");
  return index;
}

// Equal hashes may have begun in the block before the first that begins with it.
std::size_t TraceIndex::first_block(std::uint32_t hash) const {
  const auto block = static_cast<std::size_t>(
      std::lower_bound(first_hashes_.begin(), first_hashes_.end(), hash) - first_hashes_.begin());
  return block > 0 ? block - 1 : 0;
}

void TraceIndex::expect(const BlockSource& source, const TraceId& id) const {
  const std::size_t block = first_block(trace_hash(id));
  if (block < blocks_.size()) source.expect(blocks_[block].offset, blocks_[block].bytes);
}

Status TraceIndex::find(const BlockSource& source, const TraceId& id,
                        std::vector<TracePlace>& places) const {
  const std::uint32_t hash = trace_hash(id);
  for (std::size_t block = first_block(hash);
       block < blocks_.size() && first_hashes_[block] <= hash; ++block) {
    KOLBEN_TRY(const Bytes bytes, source.read(blocks_[block]));
    KOLBEN_RETURN_IF_ERROR(find_in_block(bytes.view(), hash, places));
  }
  return Status::ok();
}

Status TraceIndex::check(const BlockSource& source) const {
  for (const BlockRef& block : blocks_) KOLBEN_RETURN_IF_ERROR(source.read(block).status());
  return Status::ok();
}

}  // namespace kolben::storage::part
