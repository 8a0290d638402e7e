// How an embedded engine is set up.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/unique_function.h"

namespace kolben::storage::engine {

// When a batch counts as durable.
enum class Durability : std::uint8_t {
  kDisk,    // after fdatasync: survives power loss
  kOs,      // after write(): survives kill -9, not power loss
  kMemory,  // once it is taken: what waits to be written is lost with the process
};

struct Options {
  std::string path;
  Durability durability = Durability::kDisk;
  // The oldest segments go when there are more bytes, or when everything in them arrived earlier.
  std::uint64_t retention_bytes_max = std::uint64_t{10} << 30;
  std::chrono::nanoseconds retention_age_max = std::chrono::hours(168);
  // A log of this size is sealed. Larger ones waste room at first, smaller ones make many files;
  // an eighth of the retained bytes where that is less, so that retention can work.
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  // Batches that wait for the disk; beyond, write() refuses. A second of the fastest intake.
  std::uint64_t pending_bytes_max = std::uint64_t{64} << 20;
  // Request bodies kept for the next query.
  std::uint64_t body_cache_bytes_max = std::uint64_t{32} << 20;
  // What one query may take.
  std::chrono::nanoseconds query_time_max = std::chrono::seconds(20);
};

// Where the engine tells what an operator should know: damage found, a disk that fails. One line
// each; any thread.
using Report = UniqueFunction<void(const std::string& line)>;

}  // namespace kolben::storage::engine
