// Paged<T>: a read-only array in pages of kPageRows, each somewhere else: the columns of a segment,
// whether they lie in memory, where they grow page by page, or one behind the other in a mapped
// file. PagedBuffer<T> is the growing kind: rows never move, so that readers go on reading the
// pages that they know while the one writer appends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/check.h"

namespace kolben::storage::engine {

// Rows of a page: large enough for tight loops, small enough to be skipped by its times often.
inline constexpr std::size_t kPageRows = 4096;

template <typename T>
class Paged {
 public:
  Paged() = default;
  explicit Paged(std::span<const T> contiguous) : size_(contiguous.size()) {
    for (std::size_t at = 0; at < size_; at += kPageRows) pages_.push_back(contiguous.data() + at);
  }
  Paged(std::vector<const T*> pages, std::size_t size) : pages_(std::move(pages)), size_(size) {}

  std::size_t size() const { return size_; }
  const T& operator[](std::size_t row) const {
    KOLBEN_DCHECK(row < size_);
    return pages_[row / kPageRows][row % kPageRows];
  }
  // The rows from page * kPageRows on.
  const T* page(std::size_t page) const { return pages_[page]; }

 private:
  std::vector<const T*> pages_;
  std::size_t size_ = 0;
};

template <typename T>
class PagedBuffer {
 public:
  std::size_t size() const { return size_; }
  void push_back(const T& value) {
    if (size_ % kPageRows == 0) pages_.push_back(std::make_unique<T[]>(kPageRows));
    pages_.back()[size_++ % kPageRows] = value;
  }
  const T& operator[](std::size_t row) const {
    KOLBEN_DCHECK(row < size_);
    return pages_[row / kPageRows][row % kPageRows];
  }
  T& operator[](std::size_t row) {
    KOLBEN_DCHECK(row < size_);
    return pages_[row / kPageRows][row % kPageRows];
  }
  // What is there now. The caller keeps this buffer alive.
  Paged<T> view() const {
    std::vector<const T*> pages;
    pages.reserve(pages_.size());
    for (const auto& page : pages_) pages.push_back(page.get());
    return {std::move(pages), size_};
  }
  // The bytes of each page, for a file.
  void append_slices(std::vector<std::string_view>& slices) const {
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      const std::size_t rows = std::min(kPageRows, size_ - page * kPageRows);
      slices.emplace_back(reinterpret_cast<const char*>(pages_[page].get()), rows * sizeof(T));
    }
  }

 private:
  std::vector<std::unique_ptr<T[]>> pages_;
  std::size_t size_ = 0;
};

}  // namespace kolben::storage::engine
