#include "storage/engine/duplicate_window.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kSlotsMin = 1024;
// How far ahead memory is asked for: as many misses as a core has under way at once.
constexpr std::size_t kAhead = 16;

}  // namespace

bool DuplicateWindow::Table::contains(std::uint64_t value) const {
  if (slots.empty()) return false;
  const std::size_t mask = slots.size() - 1;
  for (std::size_t slot = value & mask; slots[slot] != 0; slot = (slot + 1) & mask) {
    if (slots[slot] == value) return true;
  }
  return false;
}

void DuplicateWindow::Table::reserve(std::size_t values) {
  const std::size_t wanted = std::bit_ceil(std::max(kSlotsMin, values * 2));
  if (wanted <= slots.size()) return;
  std::vector<std::uint64_t> before(wanted, 0);
  before.swap(slots);
  size = 0;
  for (const std::uint64_t known : before) {
    if (known != 0) insert(known);
  }
}

void DuplicateWindow::Table::prefetch(std::uint64_t value) const {
  if (!slots.empty()) __builtin_prefetch(&slots[value & (slots.size() - 1)]);
}

void DuplicateWindow::Table::insert(std::uint64_t value) {
  if ((size + 1) * 2 > slots.size()) reserve(size + 1);
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

void DuplicateWindow::insert_all(std::span<const std::uint64_t> fingerprints) {
  for (std::size_t i = 0; i < fingerprints.size(); ++i) {
    if (i + kAhead < fingerprints.size()) {
      young_.prefetch(fingerprints[i + kAhead]);
      old_.prefetch(fingerprints[i + kAhead]);
    }
    insert(fingerprints[i]);
  }
}

void DuplicateWindow::reserve(std::size_t fingerprints) {
  young_.reserve(forgets_ ? std::min(fingerprints, generation_) : fingerprints);
}

}  // namespace kolben::storage::engine
