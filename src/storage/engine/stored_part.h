// StoredPart: a part on disk with what the manifest says of it. Functions over files; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/deleted_rows.h"
#include "storage/engine/manifest.h"
#include "storage/engine/part/part.h"

namespace kolben::storage::engine {

// Cheap to copy.
struct StoredPart {
  ManifestPart facts;
  std::shared_ptr<const part::Part> part;
  std::shared_ptr<const RowSet> deleted;  // null: none
};

// What the manifest is to say of a part; of deleted rows nothing.
ManifestPart facts_of(const part::Part& part, std::uint64_t number, std::uint32_t merges);

// The bytes of a list of deleted rows, by its number.
Result<std::string> read_deleted(const DataDirectory& directory, std::uint64_t number);

// Whether a part cannot be served any more: it is damaged or gone. Otherwise the disk fails, which
// may pass, or a later version made it.
inline bool is_damage(const Status& status) {
  return status.code() == StatusCode::kDataLoss || status.code() == StatusCode::kNotFound;
}

// Opens the file of a part that the manifest lists, and the one of its deleted rows. NOT_FOUND
// or DATA_LOSS where one of them is missing, damaged, or another than the manifest says.
Result<StoredPart> open_stored(const DataDirectory& directory, const ManifestPart& facts);

}  // namespace kolben::storage::engine
