// The values of data points in columns: what PointPartWriter and PointGroup share. A run is the
// points of one series in one row group; all of its points have one kind. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "storage/engine/part/point_part_writer.h"

namespace kolben::storage::part {

// What the points of all kinds have.
struct PointFacts {
  std::uint64_t start_time_unix_nano = 0;
  std::uint32_t flags = 0;
  const List<Exemplar>* exemplars = nullptr;  // null: the kind has none
};
PointFacts facts_of(const PointRow::Point& point);

// Which optional fields a distribution has: bits of the column kPresence.
inline constexpr std::uint64_t kHasSum = 1, kHasMin = 2, kHasMax = 4;
inline constexpr std::uint64_t kHasPositive = 8, kHasNegative = 16;

// An int or double as 64 bits.
std::uint64_t bits_of(const Number& number);

// Makes the writers of all core columns, so that each row group has them all.
void declare_point_columns(GroupWriter& group);

// The values of a run.
void write_points(std::span<const PointRow> rows, GroupWriter& group);

}  // namespace kolben::storage::part
