// DuplicateWindow: remembers the fingerprints of the newest spans (and whole requests of logs and
// metrics), so that the copies that a sender's retry makes are recognised. Between one and two
// million of them: two tables of a generation each; when the younger is full, the older is
// forgotten. 32 MiB at most, and as little as there is to remember; after a replay, in which
// nothing is forgotten, also what the log held (16 bytes each), until the younger table is full
// again. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kolben::storage::engine {

class DuplicateWindow {
 public:
  static constexpr std::size_t kGeneration = std::size_t{1} << 20;

  explicit DuplicateWindow(std::size_t generation = kGeneration) : generation_(generation) {}

  // Whether it is new; from now on it is known.
  bool insert(std::uint64_t fingerprint);
  // As insert() of one after the other, several times as fast where there are many.
  void insert_all(std::span<const std::uint64_t> fingerprints);
  // Room for so many, so that they do not have to move while they come.
  void reserve(std::size_t fingerprints);

  // Between these nothing is forgotten: a replay must recognise at least what was recognised when
  // the log was written.
  void begin_replay() { forgets_ = false; }
  void end_replay() { forgets_ = true; }

 private:
  // Open addressing; 0 marks a free place, so 0 itself is remembered as 1.
  struct Table {
    std::vector<std::uint64_t> slots;
    std::size_t size = 0;

    bool contains(std::uint64_t value) const;
    void insert(std::uint64_t value);
    void reserve(std::size_t values);
    void prefetch(std::uint64_t value) const;
  };

  const std::size_t generation_;
  bool forgets_ = true;
  Table young_, old_;
};

}  // namespace kolben::storage::engine
