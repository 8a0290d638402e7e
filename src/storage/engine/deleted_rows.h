// RowSet: rows of one part that were deleted (DeletedRows of scan/snapshot.h), with their form on
// disk (docs/formats/store.md). Immutable once it is shared.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/engine/scan/snapshot.h"

namespace kolben::storage::engine {

class RowSet final : public DeletedRows {
 public:
  void add(std::uint32_t group, std::uint32_t row);
  void add(const RowSet& other);

  bool contains(std::uint32_t group, std::uint32_t row) const override;
  bool any(std::uint32_t group) const override { return groups_.contains(group); }
  std::uint64_t size() const { return size_; }
  // Of one row group.
  std::uint32_t count(std::uint32_t group) const;

  std::string encode() const;
  // DATA_LOSS where malformed.
  static Result<RowSet> decode(std::string_view bytes);

 private:
  std::map<std::uint32_t, std::vector<bool>> groups_;  // by row group; only those with rows
  std::uint64_t size_ = 0;
};

}  // namespace kolben::storage::engine
