#include "storage/engine/merge_plan.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

namespace kolben::storage::engine {
namespace {

constexpr std::uint64_t kDayNanos = 86'400'000'000'000;
// Rows from which on a part is of the next size; the last is final.
constexpr std::uint64_t kSizes[] = {8 << 10, 128 << 10, 2 << 20};
// Steps larger than this read from too many files at once.
constexpr std::size_t kPartsMax = 16;
// Points are merged in memory, some hundred bytes each.
constexpr std::uint64_t kPointsMax = 1 << 20;

std::size_t size_class(const ManifestPart& part) {
  return static_cast<std::size_t>(
      std::upper_bound(std::begin(kSizes), std::end(kSizes), part.rows) - std::begin(kSizes));
}

using Partition = std::tuple<part::Table, std::uint32_t, std::uint64_t>;  // table, class, day

std::vector<ManifestPart> without_fresh(std::vector<ManifestPart> parts) {
  std::sort(parts.begin(), parts.end(), [](const ManifestPart& a, const ManifestPart& b) {
    return std::pair(a.first_received, a.number) < std::pair(b.first_received, b.number);
  });
  std::map<part::Table, std::size_t> fresh;
  for (std::size_t i = parts.size(); i > 0; --i) {
    const ManifestPart& part = parts[i - 1];
    if (part.merges == 0 && ++fresh[part.table] <= kFreshPartsKept) {
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i - 1));
    }
  }
  return parts;
}

// The first of `parts` that together stay within the limits. `is_full`: another one would not.
std::vector<std::uint64_t> take_first(std::span<const ManifestPart> parts, const Options& options,
                                      bool& is_full) {
  std::vector<std::uint64_t> taken;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  is_full = false;
  for (const ManifestPart& part : parts) {
    const std::uint64_t rows_max = part.table == part::Table::kPoints
                                       ? std::min(kPointsMax, options.part_rows_max)
                                       : options.part_rows_max;
    rows += part.rows;
    bytes += part.bytes;
    is_full = rows > rows_max || bytes > options.part_bytes_max;
    if (is_full || taken.size() == kPartsMax) break;
    taken.push_back(part.number);
  }
  return taken;
}

// The oldest that can be one part. One that is as large as can be with its neighbour stays alone:
// what comes behind it does not wait for it.
std::vector<std::uint64_t> take(std::span<const ManifestPart> parts, const Options& options,
                                bool& is_full) {
  std::vector<std::uint64_t> taken;
  for (std::size_t begin = 0; begin < parts.size(); ++begin) {
    taken = take_first(parts.subspan(begin), options, is_full);
    if (taken.size() > 1 || !is_full) break;
  }
  return taken;
}

}  // namespace

std::vector<std::uint64_t> choose_merge(const std::vector<ManifestPart>& parts,
                                        const Options& options, std::uint64_t now_unix_nano) {
  std::map<Partition, std::vector<ManifestPart>> partitions;
  for (const ManifestPart& part : without_fresh(parts)) {
    if (size_class(part) == std::size(kSizes)) continue;
    partitions[{part.table, part.retention_class, part.first_received / kDayNanos}].push_back(part);
  }
  bool is_full = false;
  for (const auto& [partition, all] : partitions) {
    for (std::size_t size = 0; size < std::size(kSizes); ++size) {
      std::vector<ManifestPart> same;
      std::copy_if(all.begin(), all.end(), std::back_inserter(same),
                   [size](const ManifestPart& part) { return size_class(part) == size; });
      std::vector<std::uint64_t> taken = take(same, options, is_full);
      const bool is_enough = taken.size() >= std::min(options.merge_parts_min, kPartsMax);
      if (taken.size() > 1 && (is_enough || is_full)) return taken;
    }
    const bool is_over = std::get<2>(partition) < now_unix_nano / kDayNanos;
    std::vector<std::uint64_t> taken = take(all, options, is_full);
    if (is_over && taken.size() > 1) return taken;
  }
  for (const ManifestPart& part : parts) {
    if (part.deleted_rows > 0) return {part.number};
  }
  return {};
}

}  // namespace kolben::storage::engine
