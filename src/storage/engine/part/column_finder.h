// ColumnFinder: the columns that a reader of rows needs, found once and checked. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "storage/engine/part/row_group.h"

namespace kolben::storage::part {

// An id of a column of ids, which has that many.
template <typename IdType>
IdType id_at(std::string_view bytes, std::size_t index) {
  IdType id;
  std::memcpy(id.bytes.data(), bytes.data() + index * sizeof(id.bytes), sizeof(id.bytes));
  return id;
}

// Finds columns and checks that each has `size` values; the first failure stays.
class ColumnFinder {
 public:
  ColumnFinder(RowGroup& group, std::size_t size) : group_(group), size_(size) {}

  void find(const NumberColumn*& out, std::uint32_t column) {
    if (!status_.is_ok()) return;
    Result<const NumberColumn*> found = group_.numbers(column);
    take(found, out, column);
  }
  void find(const TextColumn*& out, std::uint32_t column) {
    if (!status_.is_ok()) return;
    Result<const TextColumn*> found = group_.texts(column);
    take(found, out, column);
  }
  void find_ids(std::string_view& out, std::uint32_t column, std::uint32_t width) {
    if (!status_.is_ok()) return;
    Result<std::string_view> found = group_.raw(column, width);
    if (!found) {
      status_ = std::move(found).error();
    } else if (found->size() != size_ * width) {
      fail(column);
    } else {
      out = *found;
    }
  }
  Status status() { return std::move(status_); }

 private:
  template <typename Found, typename Out>
  void take(Found& found, Out& out, std::uint32_t column) {
    if (!found) {
      status_ = std::move(found).error();
    } else if ((*found)->size != size_) {
      fail(column);
    } else {
      out = *found;
    }
  }
  void fail(std::uint32_t column) {
    status_ = data_loss("row group " + std::to_string(group_.index()) + ": column " +
                        std::to_string(column) + " has another number of values than it should");
  }

  RowGroup& group_;
  const std::size_t size_;
  Status status_;
};

}  // namespace kolben::storage::part
