// The attributes of a measurement, which are some of the span's that it is made of.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

// Those of `from` whose keys are in the list, in their order, which is mostly that of the keys as
// well. There is room for one more.
inline Attributes selected_attributes(const Attributes& from,
                                      std::span<const std::string_view> keys, Arena& arena) {
  // Both are constants, mostly, of which the linker has made one.
  const auto is_same = [](std::string_view key, std::string_view other) {
    return key.size() == other.size() && (key.data() == other.data() || key == other);
  };
  Attributes selected;
  selected.reserve(arena, keys.size() + 1);
  auto next = keys.begin();
  for (const KeyValue& attribute : from) {
    if (next != keys.end() && is_same(attribute.key, *next)) {
      ++next;
    } else if (std::find(keys.begin(), keys.end(), attribute.key) == keys.end()) {
      continue;
    }
    selected.push_back(arena, attribute);
  }
  return selected;
}

// After a measurement: what it is made in is used again, but not where it has grown.
inline void trim_scratch(Arena& scratch) {
  constexpr std::size_t kScratchBytesMax = 64 * 1024;
  if (scratch.reserved_bytes() > kScratchBytesMax) scratch = Arena();
}

}  // namespace kolben::agent
