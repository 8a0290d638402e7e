// TextTable: gives texts numbers, in the order in which they come. It keeps copies. One writer; who
// holds a view reads it meanwhile.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/hash.h"
#include "storage/engine/paged.h"

namespace kolben::storage::engine {

class TextTable {
 public:
  std::uint32_t number_of(std::string_view text) {
    if ((texts_.size() + 1) * 2 > slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash64(text) & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
      if (texts_[slots_[slot] - 1] == text) return slots_[slot] - 1;
    }
    texts_.push_back(arena_.copy(text));
    slots_[slot] = static_cast<std::uint32_t>(texts_.size());
    return slots_[slot] - 1;
  }
  std::size_t size() const { return texts_.size(); }
  std::string_view operator[](std::size_t number) const { return texts_[number]; }
  Paged<std::string_view> view() const { return texts_.view(); }

 private:
  void grow() {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      std::size_t slot = hash64(texts_[i]) & mask;
      while (slots_[slot] != 0) slot = (slot + 1) & mask;
      slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }

  Arena arena_;
  PagedBuffer<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;  // number + 1; 0: free
};

}  // namespace kolben::storage::engine
