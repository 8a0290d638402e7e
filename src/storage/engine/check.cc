#include "storage/engine/check.h"

#include <algorithm>

#include "base/hash.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/deleted_rows.h"
#include "storage/engine/manifest.h"
#include "storage/engine/part_output.h"

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kDeletedBytesMax = 64 << 20;

Status check_deleted(const DataDirectory& directory, const ManifestPart& facts) {
  if (facts.deleted_rows == 0) return Status::ok();
  const std::string path = directory.deleted_path(facts.deleted_number);
  KOLBEN_TRY(const std::string bytes, read_file(directory.files(), path, kDeletedBytesMax));
  if (crc32c(bytes) != facts.deleted_crc) return data_loss(path + ": its checksum is wrong");
  return RowSet::decode(bytes).status();
}

Status check_part(const DataDirectory& directory, const ManifestPart& facts, bool thorough) {
  KOLBEN_TRY(const std::shared_ptr<const part::Part> part,
             FileSource::open_part(directory.files(), directory.part_path(facts.number)));
  if (part->facts().rows != facts.rows || part->facts().bytes != facts.bytes) {
    return data_loss("it is another part than the manifest says");
  }
  KOLBEN_RETURN_IF_ERROR(check_deleted(directory, facts));
  return thorough ? part->check() : Status::ok();
}

ManifestPart facts_from(const part::Part& part, std::uint64_t number) {
  const part::PartFacts& from = part.facts();
  ManifestPart facts;
  facts.number = number;
  facts.table = from.table;
  facts.retention_class = from.retention_class;
  facts.merges = 1;  // it may be: then no copies are looked for in it
  facts.rows = from.rows;
  facts.bytes = from.bytes;
  facts.first_time = from.first_time;
  facts.last_time = from.last_time;
  facts.first_received = from.first_received;
  facts.last_received = from.last_received;
  return facts;
}

// All parts that can be opened. A merge that was interrupted may be there beside what it was made
// of: copies of rows, which the next merges leave out.
Result<Manifest> manifest_of_parts(const DataDirectory& directory, Checked& checked,
                                   std::vector<ManifestPart>& bad) {
  KOLBEN_TRY(const std::vector<std::string> names, directory.files().list(directory.parts_path()));
  Manifest manifest;
  for (const std::string& name : names) {
    const std::uint64_t number = number_in_name(name, ".part");
    if (number == 0) continue;
    manifest.next_number = std::max(manifest.next_number, number + 1);
    auto part = FileSource::open_part(directory.files(), directory.part_path(number));
    if (!part) {
      if (part.error().code() == StatusCode::kUnavailable) return part.status();
      checked.damaged.push_back(name + ": " + std::string(part.error().message()));
      bad.emplace_back().number = number;
      continue;
    }
    manifest.parts.push_back(facts_from(**part, number));
    manifest.covered = std::max(manifest.covered, (*part)->facts().last_sequence);
  }
  return manifest;
}

Status set_aside(const DataDirectory& directory, const ManifestPart& facts) {
  FileSystem& files = directory.files();
  KOLBEN_RETURN_IF_ERROR(files.create_directories(directory.damaged_path()));
  const auto move = [&](const std::string& from) {
    if (!files.exists(from)) return Status::ok();
    return files.rename(from, directory.damaged_path() + from.substr(from.rfind('/')));
  };
  KOLBEN_RETURN_IF_ERROR(move(directory.part_path(facts.number)));
  if (facts.deleted_rows > 0) {
    KOLBEN_RETURN_IF_ERROR(move(directory.deleted_path(facts.deleted_number)));
  }
  return files.sync_directory(directory.damaged_path());
}

}  // namespace

Result<Checked> check_store(FileSystem& files, const std::string& path, const CheckOptions& options,
                            WorkProgress progress) {
  if (!files.exists(path + "/FORMAT")) return not_found(path + " is no store");
  KOLBEN_TRY(const DataDirectory directory, DataDirectory::open(files, path));
  Checked checked;
  std::vector<ManifestPart> bad;
  if (directory.kind() == DataDirectory::Kind::kVersion1) return checked;  // logs alone
  Result<Manifest> manifest = read_manifest(directory);
  if (!manifest) {
    if (manifest.error().code() == StatusCode::kFailedPrecondition) return manifest.status();
    checked.damaged.push_back("MANIFEST: " + std::string(manifest.error().message()));
    manifest = manifest_of_parts(directory, checked, bad);
    if (!manifest) return manifest.status();
  }
  Manifest good = *manifest;
  good.parts.clear();
  for (const ManifestPart& facts : manifest->parts) {
    if (progress) progress(checked.parts, manifest->parts.size());
    ++checked.parts;
    if (files.exists(directory.dropped_path(facts.number))) continue;
    const Status state = check_part(directory, facts, options.thorough);
    if (state) {
      good.parts.push_back(facts);
      continue;
    }
    // A disk that cannot be read now may be readable later.
    if (state.code() == StatusCode::kUnavailable) return state;
    checked.damaged.push_back(describe(facts) + ": " + std::string(state.message()));
    bad.push_back(facts);
  }
  if (checked.damaged.empty() || !options.repair) return checked;
  // The manifest first: a listed part that is not there would be damage again.
  KOLBEN_RETURN_IF_ERROR(write_manifest(directory, good));
  for (const ManifestPart& facts : bad) KOLBEN_RETURN_IF_ERROR(set_aside(directory, facts));
  checked.is_repaired = true;
  return checked;
}

}  // namespace kolben::storage::engine
