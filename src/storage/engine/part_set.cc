#include "storage/engine/part_set.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/hash.h"

namespace kolben::storage::engine {
namespace {

auto find_part(std::vector<StoredPart>& parts, std::uint64_t number) {
  return std::find_if(parts.begin(), parts.end(),
                      [number](const StoredPart& stored) { return stored.facts.number == number; });
}

void list_parts(const std::vector<StoredPart>& parts, Manifest& manifest) {
  manifest.parts.clear();
  for (const StoredPart& stored : parts) manifest.parts.push_back(stored.facts);
}

}  // namespace

Status PartSet::create() {
  MutexLock lock(change_mutex_);
  return commit({}, {});
}

Status PartSet::open(Manifest manifest) {
  MutexLock lock(change_mutex_);
  State state;
  state.manifest = std::move(manifest);
  {
    MutexLock state_lock(mutex_);
    state_.manifest.classes = state.manifest.classes;
  }
  const std::size_t listed = state.manifest.parts.size();
  KOLBEN_RETURN_IF_ERROR(open_parts(state));
  // Not before: what a damaged part was made of may still be there.
  remove_unlisted(state.manifest);
  std::vector<std::string> dropped;
  for (const ManifestPart& facts : state.manifest.parts) {
    if (find_part(state.parts, facts.number) == state.parts.end()) {
      dropped.push_back(directory_.part_path(facts.number));
      dropped.push_back(directory_.dropped_path(facts.number));
    }
  }
  list_parts(state.parts, state.manifest);
  // On a disk that is still full the marks stay until the next change.
  if (state.parts.size() < listed && commit(state, dropped)) return Status::ok();
  garbage_.insert(garbage_.end(), dropped.begin(), dropped.end());
  MutexLock state_lock(mutex_);
  state_ = std::move(state);
  return Status::ok();
}

Status PartSet::open_parts(State& state) {
  std::string damaged;
  std::size_t count = 0;
  for (const ManifestPart& facts : state.manifest.parts) {
    if (directory_.files().exists(directory_.dropped_path(facts.number))) continue;
    Result<StoredPart> stored = open_stored(directory_, facts);
    if (stored) {
      state.parts.push_back(std::move(*stored));
      continue;
    }
    if (!is_damage(stored.status())) return stored.status();
    if (count++ == 0) damaged = describe(facts) + ": " + std::string(stored.error().message());
  }
  if (count == 0) return Status::ok();
  return data_loss(std::to_string(count) + " of " + std::to_string(state.manifest.parts.size()) +
                   " parts are missing or damaged, the first is " + damaged +
                   "; `kolben store check --repair` sets them aside and lists what is lost");
}

void PartSet::remove_unlisted(Manifest& manifest) {
  std::set<std::string> listed;
  for (const ManifestPart& facts : manifest.parts) {
    listed.insert(directory_.part_path(facts.number));
    listed.insert(directory_.dropped_path(facts.number));
    if (facts.deleted_rows > 0) listed.insert(directory_.deleted_path(facts.deleted_number));
  }
  const Result<std::vector<std::string>> names = directory_.files().list(directory_.parts_path());
  if (!names) return;  // opening the parts says what is wrong
  for (const std::string& name : *names) {
    const std::string path = directory_.parts_path() + "/" + name;
    std::uint64_t number = 0;  // what cannot be removed keeps its number for itself
    std::from_chars(name.data(), name.data() + name.size(), number);
    manifest.next_number = std::max(manifest.next_number, number + 1);
    if (listed.contains(path)) continue;
    if (Status removed = directory_.files().remove(path); !removed) {
      report_("a file that is left over stays: " + removed.to_string());
    }
  }
}

std::uint64_t PartSet::take_number() {
  MutexLock lock(mutex_);
  return state_.manifest.next_number++;
}

void PartSet::set_classes(std::vector<std::string> names) {
  MutexLock lock(mutex_);
  state_.manifest.classes = std::move(names);
}

PartSet::State PartSet::copy_state() const {
  MutexLock lock(mutex_);
  return state_;
}

Status PartSet::change(PartChange change) {
  MutexLock lock(change_mutex_);
  State state = copy_state();
  std::vector<std::string> garbage;
  Status applied = apply(state, change, garbage);
  if (applied && (!change.added.empty() || !change.deleted.empty())) {
    applied = directory_.files().sync_directory(directory_.parts_path());
  }
  if (applied) applied = commit(std::move(state), std::move(garbage));
  if (applied) return applied;
  // The manifest that was tried may be on the disk and list these.
  for (const BuiltPart& built : change.added) {
    garbage_.push_back(directory_.part_path(built.number));
  }
  return applied;
}

Status PartSet::apply(State& state, PartChange& change, std::vector<std::string>& garbage) {
  for (const PartChange::Deletion& deletion : change.deleted) {
    const auto stored = find_part(state.parts, deletion.number);
    if (stored == state.parts.end()) continue;  // removed meanwhile
    if (stored->deleted) garbage.push_back(directory_.deleted_path(stored->facts.deleted_number));
    KOLBEN_RETURN_IF_ERROR(write_deleted(*stored, deletion.rows));
  }
  for (const std::uint64_t number : change.removed) {
    const auto stored = find_part(state.parts, number);
    if (stored == state.parts.end()) {
      if (change.needs_removed) return cancelled("a part of the merge was removed");
      continue;
    }
    garbage.push_back(directory_.part_path(number));
    if (stored->deleted) garbage.push_back(directory_.deleted_path(stored->facts.deleted_number));
    state.parts.erase(stored);
  }
  for (const BuiltPart& built : change.added) {
    state.parts.push_back({facts_of(*built.part, built.number, built.merges), built.part, nullptr});
  }
  if (change.covered) {
    state.manifest.covered = std::max(state.manifest.covered, *change.covered);
  }
  return Status::ok();
}

Status PartSet::write_deleted(StoredPart& stored, std::shared_ptr<const RowSet> rows) {
  const std::string bytes = encode_deleted(stored.facts.number, *rows);
  stored.facts.deleted_number = take_number();
  stored.facts.deleted_rows = rows->size();
  stored.facts.deleted_crc = crc32c(bytes);
  stored.deleted = std::move(rows);
  const std::string path = directory_.deleted_path(stored.facts.deleted_number);
  KOLBEN_TRY(const std::unique_ptr<File> file, directory_.files().open(path, OpenMode::kCreate));
  Status written = file->write_at(0, std::string_view(bytes));
  if (written) written = file->sync();
  if (!written) static_cast<void>(directory_.files().remove(path));
  return written;
}

Status PartSet::commit(State state, std::vector<std::string> garbage) {
  list_parts(state.parts, state.manifest);
  {
    MutexLock lock(mutex_);  // numbers are taken, and classes set, all the time
    state.manifest.next_number = state_.manifest.next_number =
        std::max(state.manifest.next_number, state_.manifest.next_number);
    state.manifest.classes = state_.manifest.classes;
  }
  KOLBEN_RETURN_IF_ERROR(write_manifest(directory_, state.manifest));
  {
    MutexLock lock(mutex_);
    state.manifest.next_number = state_.manifest.next_number;
    state_ = std::move(state);
  }
  garbage.insert(garbage.end(), garbage_.begin(), garbage_.end());
  garbage_.clear();
  remove_files(std::move(garbage));
  return Status::ok();
}

void PartSet::remove_files(std::vector<std::string> paths) {
  for (const std::string& path : paths) {
    if (!directory_.files().exists(path)) continue;
    if (Status removed = directory_.files().remove(path); !removed) {
      // The next start removes it, as the manifest does not list it.
      report_("a file that is not needed any more stays: " + removed.to_string());
    }
  }
}

// The mark is a link to a file that is there anyway: a full disk has room for a name.
Status PartSet::drop(std::uint64_t number) {
  MutexLock lock(change_mutex_);
  FileSystem& files = directory_.files();
  const std::string mark = directory_.dropped_path(number);
  // One of a try that failed behind this is as good.
  if (!files.exists(mark)) KOLBEN_RETURN_IF_ERROR(files.link(directory_.format_path(), mark));
  garbage_.push_back(mark);
  // Before the part goes: without the mark that would be damage.
  KOLBEN_RETURN_IF_ERROR(files.sync_directory(directory_.parts_path()));
  {
    MutexLock state_lock(mutex_);
    const auto stored = find_part(state_.parts, number);
    if (stored == state_.parts.end()) return Status::ok();
    if (stored->deleted) garbage_.push_back(directory_.deleted_path(stored->facts.deleted_number));
    state_.parts.erase(stored);
    list_parts(state_.parts, state_.manifest);
  }
  return files.remove(directory_.part_path(number));
}

Status PartSet::save(const std::string& path) {
  MutexLock lock(change_mutex_);  // no file goes meanwhile
  FileSystem& files = directory_.files();
  const State state = copy_state();
  const std::string folder = path + "/parts";
  KOLBEN_RETURN_IF_ERROR(files.create_directories(folder));
  const auto link = [&](const std::string& from) {
    Status linked = files.link(from, folder + from.substr(directory_.parts_path().size()));
    if (linked.code() != StatusCode::kFailedPrecondition) return linked;
    return failed_precondition(path + " is on another file system: a copy is made of links; make " +
                               "it beside the store, and move it then");
  };
  for (const StoredPart& stored : state.parts) {
    KOLBEN_RETURN_IF_ERROR(link(directory_.part_path(stored.facts.number)));
    if (stored.facts.deleted_rows == 0) continue;
    KOLBEN_RETURN_IF_ERROR(link(directory_.deleted_path(stored.facts.deleted_number)));
  }
  KOLBEN_RETURN_IF_ERROR(files.sync_directory(folder));
  const std::string bytes = encode_manifest(state.manifest);
  const std::string_view slice = bytes;
  return replace_file(files, path + "/MANIFEST", {&slice, 1});
}

PartSet::View PartSet::view() const {
  MutexLock lock(mutex_);
  return {state_.parts, state_.manifest.covered};
}

}  // namespace kolben::storage::engine
