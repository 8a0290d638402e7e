// PartSet: the parts that are live, in memory and in the manifest. Every change is a new manifest
// first and is seen by queries then. Any thread; changes wait for one another.
//
// When the manifest cannot be written nobody knows which of the two is on the disk: then files of
// neither are removed until a later one was written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "storage/engine/manifest.h"
#include "storage/engine/options.h"
#include "storage/engine/stored_part.h"
#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {

struct PartChange {
  std::vector<BuiltPart> added = {};
  std::vector<std::uint64_t> removed = {};
  // CANCELLED where one of those to be removed is gone already: `added` was made of it.
  bool needs_removed = false;
  std::optional<std::uint64_t> covered = {};
  // All deleted rows of a part, those that it had before among them.
  struct Deletion {
    std::uint64_t number = 0;
    std::shared_ptr<const RowSet> rows;
  };
  std::vector<Deletion> deleted = {};
};

class PartSet {
 public:
  PartSet(const DataDirectory& directory, Report& report)
      : directory_(directory), report_(report) {}

  // Opens what the manifest lists and removes what it does not. DATA_LOSS names a part that is
  // damaged or missing, and what to do.
  Status open(Manifest manifest) KOLBEN_EXCLUDES(change_mutex_, mutex_);
  // An empty set; the first manifest.
  Status create() KOLBEN_EXCLUDES(change_mutex_, mutex_);

  // A number for a file in parts/.
  std::uint64_t take_number() KOLBEN_EXCLUDES(mutex_);
  Status change(PartChange change) KOLBEN_EXCLUDES(change_mutex_, mutex_);
  // Removes a part on a disk that has no room for a manifest.
  Status drop(std::uint64_t number) KOLBEN_EXCLUDES(change_mutex_, mutex_);
  // Links all live files into `path`/parts, with a manifest in `path`.
  Status save(const std::string& path) KOLBEN_EXCLUDES(change_mutex_, mutex_);
  // Names for retention classes from 1 on; written with the next change.
  void set_classes(std::vector<std::string> names) KOLBEN_EXCLUDES(mutex_);

  struct View {
    std::vector<StoredPart> parts;
    std::uint64_t covered = 0;
  };
  // A consistent one.
  View view() const KOLBEN_EXCLUDES(mutex_);

 private:
  struct State {
    Manifest manifest;
    std::vector<StoredPart> parts;  // as in the manifest
  };

  Status open_parts(State& state);
  void remove_unlisted(Manifest& manifest);
  Status apply(State& state, PartChange& change, std::vector<std::string>& garbage);
  Status write_deleted(StoredPart& stored, std::shared_ptr<const RowSet> rows);
  Status commit(State state, std::vector<std::string> garbage) KOLBEN_REQUIRES(change_mutex_);
  void remove_files(std::vector<std::string> paths) KOLBEN_REQUIRES(change_mutex_);
  State copy_state() const KOLBEN_EXCLUDES(mutex_);

  const DataDirectory& directory_;
  Report& report_;
  Mutex change_mutex_;  // before mutex_
  // Files that no manifest needs once one is written.
  std::vector<std::string> garbage_ KOLBEN_GUARDED_BY(change_mutex_);
  mutable Mutex mutex_;
  State state_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::storage::engine
