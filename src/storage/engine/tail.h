// Tail: the requests that are durable and not yet in a part on disk, in the order of their
// sequences, cut into chunks that each become a part (of each table). The writer adds, the builder
// takes away, queries look; all threads.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "storage/engine/request.h"

namespace kolben::storage::engine {

using Requests = std::vector<std::shared_ptr<const Request>>;

class Tail {
 public:
  struct Limits {
    std::uint64_t chunk_items = 0;
    std::uint64_t chunk_bytes = 0;
  };
  explicit Tail(Limits limits) : limits_(limits) {}

  // Some requests of one chunk.
  struct Piece {
    std::uint64_t chunk = 0;  // numbers rise, and are never used twice
    Requests requests;
    std::uint64_t last_sequence = 0;
  };

  void add(std::shared_ptr<const Request> request) KOLBEN_EXCLUDES(mutex_);
  // Ends the chunk that is being filled.
  void close_chunk() KOLBEN_EXCLUDES(mutex_);
  // Everything that is in it, chunk by chunk.
  std::vector<Piece> pieces() const KOLBEN_EXCLUDES(mutex_);
  // The oldest chunk, once it is ended; no requests where there is none. It stays.
  Piece oldest_ended() const KOLBEN_EXCLUDES(mutex_);
  // Takes the oldest chunk away: it is in parts.
  void remove_oldest() KOLBEN_EXCLUDES(mutex_);

  bool is_empty() const KOLBEN_EXCLUDES(mutex_);
  // Has a chunk that is ended.
  bool has_ended() const KOLBEN_EXCLUDES(mutex_);
  std::uint64_t bytes() const KOLBEN_EXCLUDES(mutex_);
  // When the oldest request arrived; UINT64_MAX where there is none.
  std::uint64_t oldest_received() const KOLBEN_EXCLUDES(mutex_);

 private:
  struct Chunk {
    std::uint64_t number = 0;
    Requests requests;
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
    bool is_ended = false;
  };
  static Piece piece_of(const Chunk& chunk);

  const Limits limits_;
  mutable Mutex mutex_;
  std::deque<Chunk> chunks_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t next_chunk_ KOLBEN_GUARDED_BY(mutex_) = 1;
  std::uint64_t bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kolben::storage::engine
