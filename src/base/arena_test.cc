#include "base/arena.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kolben {
namespace {

TEST(Arena, CopiedTextOutlivesItsSource) {
  Arena arena;
  std::string source = "span";
  const std::string_view copied = arena.copy(source);
  source = "gone";
  EXPECT_EQ(copied, "span");
}

TEST(Arena, AlignsWhatItHandsOut) {
  Arena arena;
  arena.allocate(1, 1);
  const auto address = reinterpret_cast<std::uintptr_t>(arena.allocate(8, 8));
  EXPECT_EQ(address % 8, 0U);
}

TEST(Arena, OversizedRequestKeepsTheCurrentBlockInUse) {
  Arena arena;
  arena.allocate(16, 8);
  const std::size_t before = arena.reserved_bytes();
  arena.allocate(1 << 20, 8);
  const std::size_t with_large = arena.reserved_bytes();
  EXPECT_EQ(with_large, before + (1 << 20));
  arena.allocate(16, 8);
  EXPECT_EQ(arena.reserved_bytes(), with_large);
}

TEST(Arena, MovedArenaKeepsItsMemory) {
  Arena first;
  const std::string_view text = first.copy("kept");
  const Arena second = std::move(first);
  EXPECT_EQ(text, "kept");
  EXPECT_EQ(first.reserved_bytes(), 0U);
}

}  // namespace
}  // namespace kolben
