#include "storage/engine/check.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/manifest.h"
#include "storage/engine/part_output.h"
#include "storage/engine/stored_part.h"

namespace kolben::storage::engine {
namespace {

struct Findings {
  Checked checked;
  std::vector<ManifestPart> bad;  // to be set aside

  void add(const ManifestPart& facts, const std::string& name, const Status& why) {
    checked.damaged.push_back(name + ": " + std::string(why.message()));
    bad.push_back(facts);
    ++checked.damaged_parts;
  }
};

// Of a part whose manifest is lost: one that has no fingerprints was merged.
std::uint32_t merges_of(const part::Part& part) {
  const auto fingerprints = part.fingerprints();
  return fingerprints && !fingerprints->empty() ? 0 : 1;
}

Status check_part(const DataDirectory& directory, const ManifestPart& facts, bool thorough) {
  KOLBEN_TRY(const StoredPart stored, open_stored(directory, facts));
  return thorough ? stored.part->check() : Status::ok();
}

// How far into the log the parts reach for certain. `last_sequences` are the parts'. The newest
// chunk of the log may have been on its way into parts; read again, what is there already is
// recognised. Not so a part that was merged, or had rows deleted: a manifest listed it, and what
// was deleted must not be read again.
std::uint64_t covered_by(const std::vector<ManifestPart>& parts,
                         const std::vector<std::uint64_t>& last_sequences) {
  std::uint64_t newest = 0;
  for (const std::uint64_t last : last_sequences) newest = std::max(newest, last);
  std::uint64_t covered = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool was_listed = parts[i].merges > 0 || parts[i].deleted_rows > 0;
    if (last_sequences[i] < newest || was_listed) covered = std::max(covered, last_sequences[i]);
  }
  return covered;
}

// Finds again which rows of the parts were deleted; of several lists of one part the longest has
// what the others have.
Status find_deleted(const DataDirectory& directory, const std::vector<std::string>& names,
                    Manifest& manifest, Findings& findings) {
  for (const std::string& name : names) {
    const std::uint64_t number = number_in_name(name, ".deleted");
    if (number == 0) continue;
    manifest.next_number = std::max(manifest.next_number, number + 1);
    KOLBEN_TRY(const std::string bytes, read_deleted(directory, number));
    const Result<DeletedFile> file = decode_deleted(bytes);
    if (!file && !is_damage(file.status())) return file.status();
    if (!file || file->part == 0) {
      const Status unknown = data_loss("it does not say which part it is of");
      const Status& why = file ? unknown : file.status();
      findings.checked.damaged.push_back(name + ": " + std::string(why.message()) +
                                         "; rows that were deleted are there again");
      continue;
    }
    for (ManifestPart& facts : manifest.parts) {
      if (facts.number != file->part || facts.deleted_rows >= file->rows.size()) continue;
      facts.deleted_rows = file->rows.size();
      facts.deleted_number = number;
      facts.deleted_crc = crc32c(bytes);
    }
  }
  return Status::ok();
}

// All parts that can be opened. A merge that was interrupted may be there beside what it was made
// of: copies of rows. The next merges leave those of spans out.
Result<Manifest> manifest_of_parts(const DataDirectory& directory, Findings& findings) {
  KOLBEN_TRY(const std::vector<std::string> names, directory.files().list(directory.parts_path()));
  Manifest manifest;
  std::vector<std::uint64_t> last_sequences;
  for (const std::string& name : names) {
    const std::uint64_t number = number_in_name(name, ".part");
    if (number == 0) continue;
    manifest.next_number = std::max(manifest.next_number, number + 1);
    auto part = FileSource::open_part(directory.files(), directory.part_path(number));
    if (!part) {
      if (!is_damage(part.status())) return part.status();
      ManifestPart bad;
      bad.number = number;
      findings.add(bad, name, part.status());
      continue;
    }
    manifest.parts.push_back(facts_of(**part, number, merges_of(**part)));
    last_sequences.push_back((*part)->facts().last_sequence);
  }
  KOLBEN_RETURN_IF_ERROR(find_deleted(directory, names, manifest, findings));
  manifest.covered = covered_by(manifest.parts, last_sequences);
  return manifest;
}

Status set_aside(const DataDirectory& directory, const ManifestPart& facts) {
  FileSystem& files = directory.files();
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

// Looks at every part that the manifest lists; what is good stays in it.
Status check_parts(const DataDirectory& directory, const CheckOptions& options,
                   WorkProgress& progress, Manifest& manifest, Findings& findings) {
  std::vector<ManifestPart> good;
  for (const ManifestPart& facts : manifest.parts) {
    if (progress) progress(findings.checked.parts, manifest.parts.size());
    ++findings.checked.parts;
    if (directory.files().exists(directory.dropped_path(facts.number))) continue;
    const Status state = check_part(directory, facts, options.thorough);
    if (state) {
      good.push_back(facts);
      continue;
    }
    // A disk that cannot be read now may be readable later; a later version can read its parts.
    if (!is_damage(state)) return state;
    findings.add(facts, describe(facts), state);
  }
  manifest.parts = std::move(good);
  return Status::ok();
}

// The next start would remove what no manifest lists; after damage it may be all that is left.
Status set_aside_unlisted(const DataDirectory& directory, const Manifest& good,
                          Findings& findings) {
  std::set<std::string> listed;
  for (const ManifestPart& facts : good.parts) {
    listed.insert(directory.part_path(facts.number));
    if (facts.deleted_rows > 0) listed.insert(directory.deleted_path(facts.deleted_number));
  }
  KOLBEN_TRY(const std::vector<std::string> names, directory.files().list(directory.parts_path()));
  for (const std::string& name : names) {
    const std::string path = directory.parts_path() + "/" + name;
    const bool is_data =
        number_in_name(name, ".part") != 0 || number_in_name(name, ".deleted") != 0;
    if (!is_data || listed.contains(path)) continue;
    KOLBEN_RETURN_IF_ERROR(directory.files().rename(path, directory.damaged_path() + "/" + name));
    findings.checked.unlisted.push_back(name);
  }
  return directory.files().sync_directory(directory.damaged_path());
}

Status repair(const DataDirectory& directory, const Manifest& good, Findings& findings) {
  // The manifest last: a repair that is interrupted finds the damage again, and a start does not
  // remove what it has not set aside yet.
  KOLBEN_RETURN_IF_ERROR(directory.files().create_directories(directory.damaged_path()));
  for (const ManifestPart& facts : findings.bad) {
    KOLBEN_RETURN_IF_ERROR(set_aside(directory, facts));
  }
  KOLBEN_RETURN_IF_ERROR(set_aside_unlisted(directory, good, findings));
  KOLBEN_RETURN_IF_ERROR(write_manifest(directory, good));
  findings.checked.is_repaired = true;
  return Status::ok();
}

}  // namespace

Result<Checked> check_store(FileSystem& files, const std::string& path, const CheckOptions& options,
                            WorkProgress progress) {
  if (!files.exists(path + "/FORMAT")) return not_found(path + " is no store");
  KOLBEN_TRY(const DataDirectory directory, options.repair
                                                ? DataDirectory::open(files, path)
                                                : DataDirectory::open_to_read(files, path));
  Findings findings;
  if (directory.kind() == DataDirectory::Kind::kVersion1) return findings.checked;  // logs alone
  Result<Manifest> manifest = read_manifest(directory);
  if (!manifest) {
    if (manifest.error().code() == StatusCode::kFailedPrecondition) return manifest.status();
    findings.checked.damaged.push_back("MANIFEST: " + std::string(manifest.error().message()));
    manifest = manifest_of_parts(directory, findings);
    if (!manifest) return manifest.status();
  }
  KOLBEN_RETURN_IF_ERROR(check_parts(directory, options, progress, *manifest, findings));
  if (!findings.checked.damaged.empty() && options.repair) {
    KOLBEN_RETURN_IF_ERROR(repair(directory, *manifest, findings));
  }
  return findings.checked;
}

}  // namespace kolben::storage::engine
