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

Result<std::string> read_deleted(const DataDirectory& directory, std::uint64_t number) {
  return read_file(directory.files(), directory.deleted_path(number), kDeletedBytesMax);
}

Result<StoredPart> open_stored(const DataDirectory& directory, const ManifestPart& facts) {
  StoredPart stored;
  stored.facts = facts;
  KOLBEN_TRY(stored.part,
             FileSource::open_part(directory.files(), directory.part_path(facts.number)));
  if (stored.part->facts().rows != facts.rows || stored.part->facts().bytes != facts.bytes) {
    return data_loss("it is another part than the manifest says");
  }
  if (facts.deleted_rows == 0) return stored;
  const std::string path = directory.deleted_path(facts.deleted_number);
  KOLBEN_TRY(const std::string bytes, read_deleted(directory, facts.deleted_number));
  if (crc32c(bytes) != facts.deleted_crc) return data_loss(path + ": its checksum is wrong");
  KOLBEN_TRY(DeletedFile file, decode_deleted(bytes));
  if (file.part != 0 && file.part != facts.number) {
    return data_loss(path + ": it is of part " + std::to_string(file.part));
  }
  stored.deleted = std::make_shared<const RowSet>(std::move(file.rows));
  return stored;
}

}  // namespace kolben::storage::engine
