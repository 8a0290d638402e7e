// RowSet: rows of one part that were deleted (DeletedRows of scan/snapshot.h), immutable once it is
// shared; and their form on disk (docs/formats/store.md).
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

  // In ascending order.
  const std::map<std::uint32_t, std::vector<bool>>& groups() const { return groups_; }

 private:
  std::map<std::uint32_t, std::vector<bool>> groups_;  // by row group; only those with rows
  std::uint64_t size_ = 0;
};

// The file that names the deleted rows of a part.
struct DeletedFile {
  std::uint64_t part = 0;  // 0: version 1, which does not say
  RowSet rows;
};

std::string encode_deleted(std::uint64_t part, const RowSet& rows);
// DATA_LOSS where malformed, FAILED_PRECONDITION where it is of a later version.
Result<DeletedFile> decode_deleted(std::string_view bytes);

}  // namespace kolben::storage::engine
