#include "storage/engine/duplicate_window.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::engine {

bool DuplicateWindow::Table::contains(std::uint64_t value) const {
  if (slots.empty()) return false;
  const std::size_t mask = slots.size() - 1;
  for (std::size_t slot = value & mask; slots[slot] != 0; slot = (slot + 1) & mask) {
    if (slots[slot] == value) return true;
  }
  return false;
}

void DuplicateWindow::Table::insert(std::uint64_t value) {
  if ((size + 1) * 2 > slots.size()) {
    std::vector<std::uint64_t> before(std::max<std::size_t>(1024, slots.size() * 2), 0);
    before.swap(slots);
    size = 0;
    for (const std::uint64_t known : before) {
      if (known != 0) insert(known);
    }
  }
  const std::size_t mask = slots.size() - 1;
  std::size_t slot = value & mask;
  while (slots[slot] != 0) slot = (slot + 1) & mask;
  slots[slot] = value;
  ++size;
}

bool DuplicateWindow::insert(std::uint64_t fingerprint) {
  const std::uint64_t value = fingerprint == 0 ? 1 : fingerprint;
  if (young_.contains(value) || old_.contains(value)) return false;
  if (young_.size >= generation_ && forgets_) old_ = std::exchange(young_, Table());
  young_.insert(value);
  return true;
}

}  // namespace kolben::storage::engine
