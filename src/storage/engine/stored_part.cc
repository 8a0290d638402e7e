#include "storage/engine/stored_part.h"

#include <utility>

#include "base/hash.h"
#include "storage/engine/part_output.h"

namespace kolben::storage::engine {
namespace {

// A bit for each row of the largest part, several times over.
constexpr std::size_t kDeletedBytesMax = 64 << 20;

}  // namespace

ManifestPart facts_of(const part::Part& part, std::uint64_t number, std::uint32_t merges) {
  const part::PartFacts& from = part.facts();
  ManifestPart facts;
  facts.number = number;
  facts.table = from.table;
  facts.retention_class = from.retention_class;
  facts.merges = merges;
  facts.rows = from.rows;
  facts.bytes = from.bytes;
  facts.first_time = from.first_time;
  facts.last_time = from.last_time;
  facts.first_received = from.first_received;
  facts.last_received = from.last_received;
  return facts;
}

Result<StoredPart> open_stored(const DataDirectory& directory, const ManifestPart& facts) {
  StoredPart stored;
  stored.facts = facts;
  FileSystem& files = directory.files();
  KOLBEN_TRY(stored.part, FileSource::open_part(files, directory.part_path(facts.number)));
  if (stored.part->facts().rows != facts.rows || stored.part->facts().bytes != facts.bytes) {
    return data_loss("it is another part than the manifest says");
  }
  if (facts.deleted_rows == 0) return stored;
  const std::string path = directory.deleted_path(facts.deleted_number);
  KOLBEN_TRY(const std::string bytes, read_file(files, path, kDeletedBytesMax));
  if (crc32c(bytes) != facts.deleted_crc) return data_loss(path + ": its checksum is wrong");
  KOLBEN_TRY(RowSet rows, RowSet::decode(bytes));
  stored.deleted = std::make_shared<const RowSet>(std::move(rows));
  return stored;
}

}  // namespace kolben::storage::engine
