// Ints: sequences of unsigned 64-bit numbers as byte planes (docs/formats/part.md, "Ints"). Pure
// functions; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kolben::storage::part {

// Row groups have at most this many rows, but a sub-table (events) of one may have more; nothing
// that was written has more numbers in one sequence.
inline constexpr std::size_t kIntsMax = std::size_t{1} << 26;

enum class Order : std::uint8_t { kAsTheyAre, kDifferences };

// Of everything that is compressed in a chunk. Each row is written several times, by merges again.
inline constexpr int kZstdLevel = 1;

// Appends the sequence. kDifferences where the caller expects neighbours to be close.
void encode_ints(std::span<const std::uint64_t> values, Order order, std::string& out);
void encode_ints(std::span<const std::uint32_t> values, std::string& out);

// Of vectors whose elements are all filled after resize(), which then need not be set to 0 before.
template <typename T>
struct LeftUnset : std::allocator<T> {
  template <typename Other>
  struct rebind {
    using other = LeftUnset<Other>;
  };
  template <typename U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};
template <typename T>
using FilledVector = std::vector<T, LeftUnset<T>>;

// Fills `out` with exactly `count` values; false where the bytes are malformed, hold another
// number, or a value does not fit into the type. Of bytes differences are no form.
template <typename Allocator>
bool decode_ints(std::string_view bytes, std::size_t count,
                 std::vector<std::uint64_t, Allocator>& out);
template <typename Allocator>
bool decode_ints(std::string_view bytes, std::size_t count,
                 std::vector<std::uint32_t, Allocator>& out);
bool decode_ints(std::string_view bytes, std::size_t count, FilledVector<std::uint8_t>& out);

// 0 of none.
std::uint8_t greatest_of(std::span<const std::uint8_t> bytes);

// Numbers as unsigned ones in the same order.
constexpr std::uint64_t ordered(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
constexpr std::int64_t integer_of(std::uint64_t ordered_value) {
  return static_cast<std::int64_t>(ordered_value ^ (std::uint64_t{1} << 63));
}
constexpr std::uint64_t ordered(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits >> 63 ? ~bits : bits ^ (std::uint64_t{1} << 63);
}
constexpr double double_of(std::uint64_t ordered_value) {
  return std::bit_cast<double>(ordered_value >> 63 ? ordered_value ^ (std::uint64_t{1} << 63)
                                                   : ~ordered_value);
}

}  // namespace kolben::storage::part
