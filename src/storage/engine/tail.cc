#include "storage/engine/tail.h"

#include <utility>

namespace kolben::storage::engine {
namespace {

// What a request takes beside its body.
std::uint64_t bytes_of(const Request& request) {
  return request.body.size() + request.fingerprints.size() * sizeof(std::uint64_t) +
         sizeof(Request);
}

}  // namespace

void Tail::add(std::shared_ptr<const Request> request) {
  MutexLock lock(mutex_);
  if (chunks_.empty() || chunks_.back().is_ended) {
    chunks_.push_back({next_chunk_++, {}, 0, 0, false});
  }
  Chunk& chunk = chunks_.back();
  const std::uint64_t bytes = bytes_of(*request);
  chunk.items += request->items;
  chunk.bytes += bytes;
  bytes_ += bytes;
  chunk.requests.push_back(std::move(request));
  chunk.is_ended = chunk.items >= limits_.chunk_items || chunk.bytes >= limits_.chunk_bytes;
}

void Tail::close_chunk() {
  MutexLock lock(mutex_);
  if (!chunks_.empty()) chunks_.back().is_ended = true;
}

Tail::Piece Tail::piece_of(const Chunk& chunk) {
  return {chunk.number, chunk.requests, chunk.requests.back()->sequence};
}

std::vector<Tail::Piece> Tail::pieces() const {
  MutexLock lock(mutex_);
  std::vector<Piece> pieces;
  for (const Chunk& chunk : chunks_) pieces.push_back(piece_of(chunk));
  return pieces;
}

Tail::Piece Tail::oldest_ended() const {
  MutexLock lock(mutex_);
  if (chunks_.empty() || !chunks_.front().is_ended) return {};
  return piece_of(chunks_.front());
}

void Tail::remove_oldest() {
  MutexLock lock(mutex_);
  bytes_ -= chunks_.front().bytes;
  chunks_.pop_front();
}

bool Tail::is_empty() const {
  MutexLock lock(mutex_);
  return chunks_.empty();
}

bool Tail::has_ended() const {
  MutexLock lock(mutex_);
  return !chunks_.empty() && chunks_.front().is_ended;
}

std::uint64_t Tail::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

std::uint64_t Tail::oldest_received() const {
  MutexLock lock(mutex_);
  return chunks_.empty() ? UINT64_MAX : chunks_.front().requests.front()->received_unix_nano;
}

}  // namespace kolben::storage::engine
