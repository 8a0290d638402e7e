#include "storage/engine/recovery.h"

#include <algorithm>
#include <utility>

#include "storage/engine/record_log.h"
#include "storage/engine/walk.h"
#include "storage/engine/writer.h"
#include "wire/compression.h"

namespace kolben::storage::engine {
namespace {

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
    KOLBEN_TRY(const std::vector<std::uint64_t> fingerprints,
               fresh[count - 1].part->fingerprints());
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
    const std::uint64_t damaged = scan_.damaged() + unreadable_;
    if (damaged == 0) return;
    around_.report("the log: " + std::to_string(damaged) + " damaged records were skipped");
  }

 private:
  Status add(const RecordHeader& header, std::string_view stored) {
    const auto compression = static_cast<wire::Compression>(header.compression);
    std::string body(compression == wire::Compression::kNone ? stored : std::string_view());
    if (compression != wire::Compression::kNone) {
      Result<std::string> raw = wire::decompress(compression, stored, header.raw_bytes);
      if (raw) body = std::move(*raw);
    }
    // The checksum was right, so this is what was accepted: it can be read, unless a later version
    // of this program is stricter.
    if (header.signal < 1 || header.signal > std::size(kAllSignals) ||
        !walk(static_cast<Signal>(header.signal), body, walked_)) {
      ++unreadable_;
      return Status::ok();
    }
    around_.tail.add(make_request(header, Bytes::from_string(std::move(body)), walked_, window_));
    ++requests_;
    if (around_.tail.bytes() <= around_.options.tail_bytes_max) return Status::ok();
    return around_.builder.flush();
  }

  const RecoverySurroundings& around_;
  DuplicateWindow& window_;
  LogScan scan_;
  Walked walked_;
  std::uint64_t requests_ = 0;
  std::uint64_t unreadable_ = 0;
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
  recovered.next_sequence = replay.scan().last_sequence + 1;
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
