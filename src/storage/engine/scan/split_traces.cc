#include "storage/engine/scan/split_traces.h"

#include <algorithm>
#include <array>

#include "storage/engine/part/row_group.h"
#include "storage/engine/scan/bound_query.h"

namespace kolben::storage::scan {
namespace {

// Hashes that are held at once, of 8 bytes each.
constexpr std::uint64_t kHashesMax = std::uint64_t{24} << 20;
// Hashes are dealt out by their upper bits, so that threads can sort them beside one another.
constexpr std::size_t kDeals = 64;
constexpr std::size_t kLanes = 4;

using Hashes = std::vector<std::uint64_t>;

struct Lane {
  std::array<Hashes, kDeals> deals;
  std::uint64_t held = 0;
  Status status;
};

std::uint64_t hash_of(const TraceId& id) {
  return IdHash()(id) * 0x9e3779b97f4a7c15;
}

Status collect(const std::shared_ptr<const part::Part>& part, std::uint32_t group, Lane& lane) {
  KOLBEN_TRY(part::RowGroup columns, part::RowGroup::open(part, group));
  KOLBEN_TRY(const std::string_view ids, columns.raw(part::span_column::kTraceId, 16));
  for (std::size_t at = 0; at + 16 <= ids.size(); at += 16) {
    TraceId id;
    std::copy_n(ids.data() + at, 16, reinterpret_cast<char*>(id.bytes.data()));
    const std::uint64_t hash = hash_of(id);
    lane.deals[hash >> 58].push_back(hash);
  }
  lane.held += ids.size() / 16;
  return Status::ok();
}

// Those that come more than once.
Hashes repeated(Hashes hashes) {
  std::sort(hashes.begin(), hashes.end());
  Hashes twice;
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    const bool is_new = twice.empty() || twice.back() != hashes[i];
    if (hashes[i] == hashes[i - 1] && is_new) twice.push_back(hashes[i]);
  }
  return twice;
}

}  // namespace

Result<std::unique_ptr<SplitTraces>> SplitTraces::find(Context& context, Control& control) {
  const std::vector<LivePart>& parts = context.snapshot.spans;
  std::vector<GroupRef> groups;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    for (std::uint32_t group = 0; group < parts[i].part->groups(); ++group) {
      groups.push_back({i, group, 0});
    }
  }
  // They are held for a moment, before the answer grows; a vector has up to twice its room.
  const std::uint64_t held_max =
      std::min(kHashesMax, control.bytes_left() / 2 / sizeof(Hashes::value_type));
  const auto is_full = [held_max](const Lane& lane) { return lane.held > held_max / kLanes; };
  std::array<Lane, kLanes> lanes;
  context.threads.run(kLanes, [&](std::size_t first) {
    Lane& lane = lanes[first];
    for (std::size_t i = first; i < groups.size() && !is_full(lane) && lane.status; i += kLanes) {
      lane.status = control.check();
      if (!lane.status) return;
      lane.status = collect(parts[groups[i].part].part, groups[i].group, lane);
    }
  });
  for (Lane& lane : lanes) {
    KOLBEN_RETURN_IF_ERROR(lane.status);
    if (is_full(lane)) return std::unique_ptr<SplitTraces>();
  }
  std::array<Hashes, kDeals> twice;
  context.threads.run(kDeals, [&](std::size_t deal) {
    Hashes all;
    for (Lane& lane : lanes) {
      all.insert(all.end(), lane.deals[deal].begin(), lane.deals[deal].end());
      lane.deals[deal] = {};
    }
    twice[deal] = repeated(std::move(all));
  });
  std::unique_ptr<SplitTraces> split(new SplitTraces());
  for (const Hashes& deal : twice) {
    split->hashes_.insert(split->hashes_.end(), deal.begin(), deal.end());
  }
  control.take(split->hashes_.size() * sizeof(Hashes::value_type));
  return split;
}

bool SplitTraces::contains(const TraceId& id) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), hash_of(id));
}

}  // namespace kolben::storage::scan
