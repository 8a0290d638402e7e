// How an embedded engine is set up.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_function.h"

namespace kolben::storage::engine {

// When a batch counts as durable.
enum class Durability : std::uint8_t {
  kDisk,    // after fdatasync: survives power loss
  kOs,      // after write(): survives kill -9, not power loss
  kMemory,  // once it is taken: what waits to be written is lost with the process
};

// Traces that are kept longer than others: all that is said here must hold of one of their spans.
struct RetentionRule {
  std::string name = {};
  std::string service = {};                 // empty: any
  bool errors = false;                      // the span's status is error
  std::chrono::nanoseconds longer_than{0};  // the span's duration; 0: any
  std::chrono::nanoseconds age_max = std::chrono::hours(24 * 30);
};

struct Options {
  std::string path;
  Durability durability = Durability::kDisk;

  // What goes first when there are more bytes, log and parts together: what would expire first.
  std::uint64_t retention_bytes_max = std::uint64_t{10} << 30;
  // Parts go when everything in them arrived earlier.
  std::chrono::nanoseconds retention_age_max = std::chrono::hours(168);
  // The first that holds of any span of a trace decides; none: retention_age_max.
  std::vector<RetentionRule> retention_rules = {};
  // Parts also go while the disk has less room than this; 0: then nothing is removed and the store
  // refuses data until there is room.
  std::uint64_t disk_free_bytes_min = 0;

  // Room of a log segment; an eighth of the retained bytes where that is less, so that retention
  // can work.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  // Requests (uncompressed) that are not in parts yet; beyond, write() refuses. Half a second of
  // the fastest intake, and what a start has to read again at most.
  std::uint64_t tail_bytes_max = std::uint64_t{64} << 20;
  // The tail becomes a part at so many rows or bytes: as large as two fit into the tail, since one
  // is filled while the other is built.
  std::uint64_t build_rows = std::uint64_t{64} << 10;
  std::uint64_t build_bytes = std::uint64_t{28} << 20;
  // No merge makes a larger part: what one retention step removes at most, and a merge's room.
  std::uint64_t part_rows_max = std::uint64_t{4} << 20;
  std::uint64_t part_bytes_max = std::uint64_t{256} << 20;
  // Parts of a size that become one larger part.
  std::size_t merge_parts_min = 8;

  // What one query may take.
  std::chrono::nanoseconds query_time_max = std::chrono::seconds(20);
};

// How far a long work is, in parts; on the caller's thread.
using WorkProgress = UniqueFunction<void(std::size_t done, std::size_t all)>;

// Where the engine tells what an operator should know: damage found, a disk that fails. One line
// each; any thread.
using Report = UniqueFunction<void(const std::string& line)>;

}  // namespace kolben::storage::engine
