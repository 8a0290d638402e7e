#include "storage/engine/recovery.h"

#include <algorithm>

#include "storage/engine/index_reader.h"
#include "storage/engine/record_log.h"
#include "wire/compression.h"

namespace kolben::storage::engine {
namespace {

constexpr std::uint64_t kRememberedMax = 2 * DuplicateWindow::kGeneration;

// What a found segment becomes.
struct Found {
  DataDirectory::Segment segment;
  std::shared_ptr<File> log;
  Bytes index;
  std::shared_ptr<const SegmentView> sealed;  // null: to be replayed
};

void try_index(const DataDirectory& directory, Found& found, Report& report) {
  Result<Bytes> mapped = directory.files().map(directory.index_path(found.segment.number));
  Result<std::shared_ptr<const SegmentView>> view =
      mapped ? open_index(*mapped, found.segment.number, found.log) : mapped.status();
  if (!view) {
    report("the index of segment " + std::to_string(found.segment.number) +
           " is made anew from its log: " + view.error().to_string());
    return;
  }
  found.index = std::move(*mapped);
  found.sealed = std::move(*view);
}

Result<std::vector<Found>> find_segments(const DataDirectory& directory, Report& report) {
  Result<std::vector<DataDirectory::Segment>> segments = directory.segments();
  if (!segments) return segments.error();
  std::vector<Found> all;
  for (const DataDirectory::Segment& segment : *segments) {
    if (!segment.has_log) {  // its removal was interrupted
      KOLBEN_RETURN_IF_ERROR(directory.files().remove(directory.index_path(segment.number)));
      continue;
    }
    Found found;
    found.segment = segment;
    Result<std::unique_ptr<File>> log =
        directory.files().open(directory.log_path(segment.number), OpenMode::kUpdate);
    if (!log) return log.error();
    found.log = std::move(*log);
    if (segment.has_index) try_index(directory, found, report);
    all.push_back(std::move(found));
  }
  return all;
}

// The newest sealed segments in front of `end` that together hold what a window can.
std::size_t first_to_remember(const std::vector<Found>& all, std::size_t end) {
  std::uint64_t spans = 0;
  while (end > 0 && spans < kRememberedMax) {
    --end;
    if (all[end].sealed) spans += all[end].sealed->spans.size();
  }
  return end;
}

void remember_segment(const SegmentView& view, DuplicateWindow& window) {
  for (std::size_t i = 0; i < view.records.size(); ++i) {
    if (view.records[i].fingerprint != 0) window.insert(view.records[i].fingerprint);
  }
  for (std::size_t row = 0; row < view.spans.size(); ++row) {
    window.insert(view.spans.fingerprint[row]);
  }
}

Segment sealed_segment(Found& found) {
  Segment segment;
  segment.number = found.segment.number;
  segment.log = std::move(found.log);
  segment.disk_bytes = found.sealed->facts.log_bytes + found.index.size();
  segment.sealed = std::move(found.sealed);
  segment.index = std::move(found.index);
  return segment;
}

}  // namespace

RecordEntry entry_of(std::uint64_t offset, const RecordHeader& header) {
  RecordEntry entry;
  entry.offset = offset;
  entry.sequence = header.sequence;
  entry.received_unix_nano = header.received_unix_nano;
  entry.body_bytes = header.body_bytes;
  entry.raw_bytes = header.raw_bytes;
  entry.items = header.items;
  entry.signal = header.signal;
  entry.compression = header.compression;
  return entry;
}

Result<std::shared_ptr<ActiveSegment>> replay(std::uint64_t number, std::shared_ptr<const File> log,
                                              DuplicateWindow& window) {
  auto segment = std::make_shared<ActiveSegment>(number, log);
  Walked walked;
  std::uint64_t unreadable = 0;
  const auto apply = [&](std::uint64_t offset, const RecordHeader& header, std::string_view body) {
    const auto compression = static_cast<wire::Compression>(header.compression);
    std::string inflated;
    if (compression != wire::Compression::kNone) {
      Result<std::string> raw = wire::decompress(compression, body, header.raw_bytes);
      if (!raw) {
        ++unreadable;
        return Status::ok();
      }
      inflated = std::move(*raw);
      body = inflated;
    }
    // The checksum was right, so this is what was accepted: it parses, unless a later version of
    // this program is stricter.
    if (!walk(static_cast<Signal>(header.signal), body, walked)) {
      ++unreadable;
      return Status::ok();
    }
    segment->apply(entry_of(offset, header), walked, window);
    return Status::ok();
  };
  Result<LogScan> scan = scan_log(*log, apply);
  if (!scan) return scan.error();
  segment->note_damage(scan->damaged_records + unreadable);
  return segment;
}

void remember(const Views& sealed, DuplicateWindow& window) {
  for (const auto& view : sealed) remember_segment(*view, window);
}

Result<Writer::Beginning> recover(const DataDirectory& directory, SegmentSet& segments,
                                  Report& report) {
  Result<std::vector<Found>> found = find_segments(directory, report);
  if (!found) return found.error();
  const auto first_replayed = static_cast<std::size_t>(
      std::find_if(found->begin(), found->end(), [](const Found& one) { return !one.sealed; }) -
      found->begin());
  const std::size_t first = first_to_remember(*found, first_replayed);

  Writer::Beginning beginning;
  beginning.window.begin_replay();
  const bool is_replay = first_replayed < found->size();
  for (std::size_t i = first; i < found->size(); ++i) {
    const Found& one = (*found)[i];
    if (!one.sealed) continue;
    // Without a replay the window is filled later, by the writer's thread. With one, later segments
    // count too: what a failing disk refused may be in an older log, and its copy in a later one.
    if (is_replay) {
      remember_segment(*one.sealed, beginning.window);
    } else {
      beginning.to_remember.push_back(one.sealed);
    }
  }
  for (Found& one : *found) {
    beginning.next_segment = one.segment.number + 1;
    Segment segment;
    if (one.sealed) {
      segment = sealed_segment(one);
    } else {
      Result<std::shared_ptr<ActiveSegment>> replayed =
          replay(one.segment.number, one.log, beginning.window);
      if (!replayed) return replayed.error();
      segment.number = one.segment.number;
      segment.log = std::move(one.log);
      segment.active = std::move(*replayed);
      segment.is_full = true;
    }
    const SegmentFacts facts = segment.facts();
    if (facts.damaged_records > 0) {
      report("segment " + std::to_string(segment.number) + ": " +
             std::to_string(facts.damaged_records) + " damaged records were skipped");
    }
    beginning.next_sequence = std::max(beginning.next_sequence, facts.last_sequence + 1);
    segments.add(std::move(segment));
  }
  beginning.window.end_replay();
  return beginning;
}

}  // namespace kolben::storage::engine
