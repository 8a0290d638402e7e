// DuplicateWindow: remembers the fingerprints of the newest spans (and whole requests of logs and
// metrics), so that the copies that a sender's retry makes are recognised. Between one and two
// million of them: two tables of a generation each; when the younger is full, the older is
// forgotten. 32 MiB at most, and as little as there is to remember.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kolben::storage::engine {

class DuplicateWindow {
 public:
  static constexpr std::size_t kGeneration = std::size_t{1} << 20;

  explicit DuplicateWindow(std::size_t generation = kGeneration) : generation_(generation) {}

  // Whether it is new; from now on it is known.
  bool insert(std::uint64_t fingerprint);

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
  };

  const std::size_t generation_;
  bool forgets_ = true;
  Table young_, old_;
};

}  // namespace kolben::storage::engine
