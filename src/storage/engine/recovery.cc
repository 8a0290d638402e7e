#include "storage/engine/recovery.h"

#include <algorithm>
#include <utility>

#include "storage/engine/record_log.h"
#include "storage/engine/walk.h"
#include "storage/engine/writer.h"
#include "wire/compression.h"

namespace kolben::storage::engine {
namespace {

// Of the rows that were not deleted: what was deleted is no copy when it comes again. Of requests
// nobody knows which rows they brought.
Result<std::vector<std::uint64_t>> live_fingerprints(const StoredPart& stored) {
  KOLBEN_TRY(std::vector<std::uint64_t> fingerprints, stored.part->fingerprints());
  if (!stored.deleted) return fingerprints;
  std::vector<std::uint64_t> live;
  if (stored.facts.table != part::Table::kSpans) return live;
  std::size_t next = 0;
  for (std::uint32_t group = 0; group < stored.part->groups(); ++group) {
    for (std::uint32_t row = 0; row < stored.part->group(group).rows; ++row, ++next) {
      if (next == fingerprints.size()) return live;
      if (!stored.deleted->contains(group, row)) live.push_back(fingerprints[next]);
    }
  }
  return live;
}

// Teaches the window the newest spans (and requests) of parts straight from the log, as many as it
// can hold, the oldest first.
Status remember(const PartSet::View& view, DuplicateWindow& window) {
  std::vector<StoredPart> fresh;
  for (const StoredPart& stored : view.parts) {
    if (stored.facts.merges == 0) fresh.push_back(stored);
  }
  std::sort(fresh.begin(), fresh.end(), [](const StoredPart& a, const StoredPart& b) {
    return a.facts.number > b.facts.number;
  });
  std::uint64_t rows = 0;
  std::uint64_t spans = 0;  // of requests of the other tables there are few
  std::size_t count = 0;
  while (count < fresh.size() && rows < 2 * DuplicateWindow::kGeneration) {
    rows += fresh[count].facts.rows;
    if (fresh[count].facts.table == part::Table::kSpans) spans += fresh[count].facts.rows;
    ++count;
  }
  window.reserve(std::min<std::uint64_t>(spans, 2 * DuplicateWindow::kGeneration));
  for (; count > 0; --count) {
    KOLBEN_TRY(const std::vector<std::uint64_t> fingerprints, live_fingerprints(fresh[count - 1]));
    window.insert_all(fingerprints);
  }
  return Status::ok();
}

// Reads logs into the tail.
class Replay {
 public:
  Replay(const RecoverySurroundings& around, DuplicateWindow& window, std::uint64_t covered)
      : around_(around), window_(window) {
    scan_.last_sequence = covered;
  }

  Status read(const File& log, std::uint32_t log_key) {
    VisitRecord visit = [this](const RecordHeader& header, std::string_view body) {
      return add(header, body);
    };
    return scan_log(log, log_key, scan_, visit);
  }

  const LogScan& scan() const { return scan_; }
  std::uint64_t requests() const { return requests_; }
  void report_damage() const {
    const std::uint64_t damaged = scan_.damaged();
    if (damaged == 0) return;
    around_.report("the log: " + std::to_string(damaged) + " damaged records were skipped");
  }

 private:
  Status add(const RecordHeader& header, std::string_view stored) {
    const auto compression = static_cast<wire::Compression>(header.compression);
    std::string body(compression == wire::Compression::kNone ? stored : std::string_view());
    if (compression != wire::Compression::kNone) {
      Result<std::string> raw = wire::decompress(compression, stored, header.raw_bytes);
      if (!raw) return set_aside(header, stored);
      body = std::move(*raw);
    }
    if (header.signal < 1 || header.signal > std::size(kAllSignals) ||
        !walk(static_cast<Signal>(header.signal), body, walked_)) {
      return set_aside(header, stored);
    }
    around_.tail.add(make_request(header, Bytes::from_string(std::move(body)), walked_, window_));
    ++requests_;
    if (around_.tail.bytes() <= around_.options.tail_bytes_max) return Status::ok();
    return around_.builder.flush();
  }

  // The checksum was right, so this is what was accepted and acknowledged: it can be read, unless a
  // later version of this program is stricter.
  Status set_aside(const RecordHeader& header, std::string_view stored) {
    KOLBEN_TRY(const std::string path,
               around_.directory.set_aside("record-" + std::to_string(header.sequence), stored));
    around_.report("a record of the log cannot be read and is set aside as " + path);
    return Status::ok();
  }

  const RecoverySurroundings& around_;
  DuplicateWindow& window_;
  LogScan scan_;
  Walked walked_;
  std::uint64_t requests_ = 0;
};

}  // namespace

Result<Recovered> recover(const RecoverySurroundings& around) {
  Recovered recovered;
  recovered.window.begin_replay();
  const PartSet::View view = around.parts.view();
  KOLBEN_RETURN_IF_ERROR(remember(view, recovered.window));
  KOLBEN_TRY(const std::vector<DataDirectory::NumberedFile> logs, around.directory.logs());
  Replay replay(around, recovered.window, view.covered);
  for (const DataDirectory::NumberedFile& found : logs) {
    KOLBEN_TRY(const std::unique_ptr<File> log,
               around.directory.files().open(found.path, OpenMode::kUpdate));
    KOLBEN_RETURN_IF_ERROR(replay.read(*log, around.directory.log_key()));
    // Nothing is written into it any more: gives back the room that it did not need.
    std::uint64_t bytes = replay.scan().valid_bytes;
    if (!log->truncate(bytes)) bytes = log->size().value_or(bytes);
    around.wal.adopt(found.number, replay.scan().last_sequence, bytes);
  }
  replay.report_damage();
  recovered.window.end_replay();
  // Parts may reach further than a manifest that was made anew of them (check.cc).
  std::uint64_t last_sequence = replay.scan().last_sequence;
  for (const StoredPart& stored : view.parts) {
    last_sequence = std::max(last_sequence, stored.part->facts().last_sequence);
  }
  recovered.next_sequence = last_sequence + 1;
  recovered.requests = replay.requests();
  around.wal.release(around.parts.view().covered);
  return recovered;
}

Status read_old_logs(const RecoverySurroundings& around) {
  KOLBEN_TRY(const std::vector<DataDirectory::NumberedFile> logs, around.directory.old_logs());
  DuplicateWindow window;
  const PartSet::View view = around.parts.view();
  KOLBEN_RETURN_IF_ERROR(remember(view, window));
  Replay replay(around, window, view.covered);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    around.report("reading log " + std::to_string(i + 1) + " of " + std::to_string(logs.size()) +
                  " of an older version");
    {
      KOLBEN_TRY(const std::unique_ptr<File> log,
                 around.directory.files().open(logs[i].path, OpenMode::kRead));
      KOLBEN_RETURN_IF_ERROR(replay.read(*log, 0));
    }
    KOLBEN_RETURN_IF_ERROR(around.builder.flush());
    KOLBEN_RETURN_IF_ERROR(around.directory.files().remove(logs[i].path));
  }
  replay.report_damage();
  return Status::ok();
}

}  // namespace kolben::storage::engine
