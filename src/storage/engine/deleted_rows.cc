#include "storage/engine/deleted_rows.h"

#include <algorithm>

#include "storage/engine/part/columns.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::engine {
namespace {

constexpr std::string_view kMagic = "KLBDELET";
constexpr std::uint32_t kVersion = 2;

}  // namespace

void RowSet::add(std::uint32_t group, std::uint32_t row) {
  std::vector<bool>& rows = groups_[group];
  if (row >= rows.size()) rows.resize(row + 1);
  if (rows[row]) return;
  rows[row] = true;
  ++size_;
}

void RowSet::add(const RowSet& other) {
  for (const auto& [group, rows] : other.groups_) {
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      if (rows[row]) add(group, row);
    }
  }
}

bool RowSet::contains(std::uint32_t group, std::uint32_t row) const {
  const auto rows = groups_.find(group);
  return rows != groups_.end() && row < rows->second.size() && rows->second[row];
}

std::uint32_t RowSet::count(std::uint32_t group) const {
  const auto rows = groups_.find(group);
  if (rows == groups_.end()) return 0;
  return static_cast<std::uint32_t>(std::count(rows->second.begin(), rows->second.end(), true));
}

std::string encode_deleted(std::uint64_t part, const RowSet& rows) {
  std::string out(kMagic);
  part::put_fixed(out, kVersion);
  part::put_varint(out, part);
  part::put_varint(out, rows.groups().size());
  for (const auto& [group, is_deleted] : rows.groups()) {
    part::put_varint(out, group);
    part::put_varint(out, rows.count(group));
    std::uint32_t before = 0;
    for (std::uint32_t row = 0; row < is_deleted.size(); ++row) {
      if (!is_deleted[row]) continue;
      part::put_varint(out, row - before);
      before = row;
    }
  }
  return out;
}

Result<DeletedFile> decode_deleted(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return data_loss("it is no list of deleted rows");
  part::Cursor in(bytes.substr(kMagic.size()));
  const auto version = in.fixed<std::uint32_t>();
  if (version == 0) return data_loss("it is of no version");
  if (version > kVersion) {
    return failed_precondition("a list of deleted rows of version " + std::to_string(version) +
                               ": a later version of this program made it");
  }
  DeletedFile file;
  if (version == kVersion) file.part = in.varint();
  constexpr std::size_t kGroupBytesMin = 2;
  for (std::size_t groups = in.count(kGroupBytesMin); groups > 0; --groups) {
    const auto group = static_cast<std::uint32_t>(in.varint());
    std::uint64_t row = 0;
    for (std::size_t rows = in.count(1); rows > 0; --rows) {
      row += in.varint();
      if (row >= part::kGroupRowsMax) return data_loss("it names rows that cannot be");
      file.rows.add(group, static_cast<std::uint32_t>(row));
    }
  }
  if (!in.is_done()) return data_loss("it is malformed");
  return file;
}

}  // namespace kolben::storage::engine
