// Selection: a set of rows of one row group, a bit for each. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace kolben::storage::scan {

// A bit for each of eight bytes that are 0 or 1, in their order.
inline std::uint64_t bits_of_hits(const std::uint8_t* hits) {
  std::uint64_t eight;
  std::memcpy(&eight, hits, sizeof eight);
  return eight * 0x0102040810204080 >> 56;
}

class Selection {
 public:
  Selection() = default;
  explicit Selection(std::size_t rows) : rows_(rows), words_((rows + 63) / 64, 0) {}
  static Selection all(std::size_t rows) {
    Selection selection(rows);
    selection.fill();
    return selection;
  }

  std::size_t rows() const { return rows_; }
  bool test(std::size_t row) const { return (words_[row / 64] >> (row % 64) & 1) != 0; }
  void set(std::size_t row) { words_[row / 64] |= std::uint64_t{1} << (row % 64); }
  void reset(std::size_t row) { words_[row / 64] &= ~(std::uint64_t{1} << (row % 64)); }
  void set(std::size_t row, bool value) { words_[row / 64] |= std::uint64_t{value} << (row % 64); }

  void fill() {
    std::fill(words_.begin(), words_.end(), ~std::uint64_t{0});
    if (rows_ % 64 != 0) words_.back() = (std::uint64_t{1} << (rows_ % 64)) - 1;
  }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  void keep(const Selection& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  void add(const Selection& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void drop(const Selection& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  }

  // Adds the rows whose byte is 1; the others' are 0. At least a byte for each row.
  void add_hits(const std::uint8_t* hits) {
    std::size_t row = 0;
    for (; row + 8 <= rows_; row += 8) {
      words_[row / 64] |= bits_of_hits(hits + row) << (row % 64);
    }
    for (; row < rows_; ++row) set(row, hits[row] != 0);
  }

  bool none() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
  }
  std::uint32_t count() const {
    int count = 0;
    for (const std::uint64_t word : words_) count += std::popcount(word);
    return static_cast<std::uint32_t>(count);
  }
  // Whether any row of [begin, end) is in it.
  bool any(std::size_t begin, std::size_t end) const {
    for (std::size_t row = begin; row < end; row = (row / 64 + 1) * 64) {
      std::uint64_t word = words_[row / 64] >> (row % 64);
      const std::size_t left = end - row;
      if (left < 64) word &= (std::uint64_t{1} << left) - 1;
      if (word != 0) return true;
    }
    return false;
  }

  // In ascending order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<std::uint32_t>(i * 64) +
              static_cast<std::uint32_t>(std::countr_zero(word)));
      }
    }
  }

  // For loops that make 64 rows at a time; bits beyond the rows stay 0.
  std::span<std::uint64_t> words() { return words_; }

 private:
  std::size_t rows_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace kolben::storage::scan
