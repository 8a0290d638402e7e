#include "agent/preload/log_files.h"

#include <cstring>

#include "agent/ring/log_file_pattern.h"

namespace kolben::agent {
namespace {

// The name that the file had, where the program has taken it away since (unlink): the kernel says
// so behind it. A file that is really called so is told by its other name.
std::size_t size_of_name(const char* path, std::size_t size) {
  constexpr char kGone[] = " (deleted)";
  constexpr std::size_t kGoneSize = sizeof(kGone) - 1;
  const bool is_gone =
      size > kGoneSize && std::memcmp(path + size - kGoneSize, kGone, kGoneSize) == 0;
  return is_gone ? size - kGoneSize : size;
}

}  // namespace

void LogFiles::init(const System& system, RingHeader* ring) {
  system_ = &system;
  ring_ = ring;
  char patterns[kLogFilesBytesMax];
  const std::uint32_t size = noted_log_files(ring, patterns);
  if (size == 0) return;
  table_ = static_cast<Table*>(system.allocate(sizeof(Table)));
  if (table_ == nullptr) return;
  std::memcpy(table_->patterns, patterns, size);
  table_->patterns_size = size;
}

OutputSource* LogFiles::find(int file) {
  if (table_ == nullptr || file < 0 || file >= kNumbersMax) return nullptr;
  std::uint8_t state = table_->states[file].load(std::memory_order_acquire);
  if (state == kUnknown || state == kLooking) state = look(file, kOther);
  return state < kFirstPlace ? nullptr : &table_->files[state - kFirstPlace];
}

// `if_not_known`: its state, where nobody can say what it is.
std::uint8_t LogFiles::look(int file, std::uint8_t if_not_known) {
  // Where the number is closed meanwhile, forget() takes the mark away: what is found then is of
  // another file.
  std::uint8_t unknown = kUnknown;
  table_->states[file].compare_exchange_strong(unknown, kLooking);
  char path[kLogPathBytesMax];
  ssize_t size = system_->file_path(file, path, sizeof(path));
  std::uint8_t state = size < 0 ? if_not_known : kOther;
  std::uint8_t found = kLooking;
  if (state == kUnknown) {
    table_->states[file].compare_exchange_strong(found, state);
    return state;
  }
  const bool is_whole = size > 0 && static_cast<std::size_t>(size) < sizeof(path);
  if (is_whole) size = static_cast<ssize_t>(size_of_name(path, static_cast<std::size_t>(size)));
  if (is_whole &&
      is_log_file(table_->patterns, table_->patterns_size, path, static_cast<std::size_t>(size))) {
    int place = 0;
    OutputSource* source = claim(file, &place);
    if (source == nullptr) {
      count_untraced(ring_);
    } else {
      std::memcpy(source->path, path, static_cast<std::size_t>(size));
      source->path_size = static_cast<std::uint16_t>(size);
      state = static_cast<std::uint8_t>(kFirstPlace + place);
    }
  }
  int highest = table_->highest.load(std::memory_order_relaxed);
  while (file > highest && !table_->highest.compare_exchange_weak(highest, file)) {
  }
  if (table_->states[file].compare_exchange_strong(found, state)) return state;
  // Another thread has looked at it as well, or has closed it.
  if (state >= kFirstPlace) release(table_->files[state - kFirstPlace]);
  return found;
}

OutputSource* LogFiles::claim(int file, int* place) {
  for (int i = 0; i < kFilesMax; ++i) {
    OutputSource& source = table_->files[i];
    int nobody = 0;
    if (!source.file.compare_exchange_strong(nobody, file)) continue;
    source.number = kFirstLogFile + table_->opened.fetch_add(1, std::memory_order_relaxed);
    source.line_is_open.store(false, std::memory_order_relaxed);
    source.line.size = 0;
    source.line.busy.store(false, std::memory_order_relaxed);
    source.pending.begin();
    int used = table_->used.load(std::memory_order_relaxed);
    while (i >= used && !table_->used.compare_exchange_weak(used, i + 1)) {
    }
    *place = i;
    return &source;
  }
  return nullptr;
}

bool LogFiles::knows(int file) const {
  return table_ != nullptr && file >= 0 && file < kNumbersMax &&
         table_->states[file].load(std::memory_order_relaxed) != kUnknown;
}

OutputSource* LogFiles::forget(int file) {
  if (!knows(file)) return nullptr;
  const std::uint8_t state = table_->states[file].exchange(kUnknown, std::memory_order_acq_rel);
  return state < kFirstPlace ? nullptr : &table_->files[state - kFirstPlace];
}

void LogFiles::look_ahead() {
  for (int file = 0; table_ != nullptr && file < kLookedAheadMax; ++file) {
    if (!knows(file)) look(file, kUnknown);
  }
}

}  // namespace kolben::agent
