#include "storage/engine/index_reader.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace kolben::storage::engine {
namespace {

// The directory of an index file, checked.
class Directory {
 public:
  static Result<Directory> open(std::string_view file) {
    IndexHeader header;
    if (file.size() < sizeof header) return data_loss("the index file is cut off");
    std::memcpy(&header, file.data(), sizeof header);
    if (header.magic != kIndexMagic) return data_loss("this is no index file");
    const std::string_view crc_bytes = file.substr(0, offsetof(IndexHeader, header_crc));
    if (crc32c(crc_bytes) != header.header_crc) return data_loss("the index header is damaged");
    if (header.version != kFormatVersion) {
      return data_loss("the index has version " + std::to_string(header.version));
    }
    const std::uint64_t bytes = std::uint64_t{header.sections} * sizeof(SectionEntry);
    if (header.file_bytes != file.size() || bytes > file.size() - sizeof header) {
      return data_loss("the index file is cut off");
    }
    const std::string_view entries = file.substr(sizeof header, bytes);
    if (crc32c(entries) != header.directory_crc) return data_loss("the directory is damaged");
    Directory directory(file,
                        {reinterpret_cast<const SectionEntry*>(entries.data()), header.sections});
    for (const SectionEntry& entry : directory.entries_) {
      if (entry.offset % 8 != 0 || entry.offset > file.size() ||
          entry.bytes > file.size() - entry.offset) {
        return data_loss("the directory is damaged");
      }
    }
    return directory;
  }

  std::span<const SectionEntry> entries() const { return entries_; }
  std::string_view bytes(const SectionEntry& entry) const {
    return file_.substr(entry.offset, entry.bytes);
  }
  // Empty where the section is missing.
  template <typename T>
  std::span<const T> items(Section section) const {
    for (const SectionEntry& entry : entries_) {
      if (entry.id != static_cast<std::uint32_t>(section)) continue;
      return {reinterpret_cast<const T*>(file_.data() + entry.offset), entry.bytes / sizeof(T)};
    }
    return {};
  }
  std::string_view text(Section section) const {
    const std::span<const char> bytes_of = items<char>(section);
    return {bytes_of.data(), bytes_of.size()};
  }
  template <typename T>
  Paged<T> paged(Section section) const {
    return Paged<T>(items<T>(section));
  }
  template <typename T>
  std::vector<T> copy(Section section) const {
    const std::span<const T> all = items<T>(section);
    return {all.begin(), all.end()};
  }

 private:
  Directory(std::string_view file, std::span<const SectionEntry> entries)
      : file_(file), entries_(entries) {}

  std::string_view file_;
  std::span<const SectionEntry> entries_;
};

class SealedTraceIndex final : public TraceIndex {
 public:
  SealedTraceIndex(std::span<const TraceEntry> traces, std::span<const std::uint32_t> rows,
                   std::size_t spans)
      : traces_(traces), rows_(rows), spans_(spans) {}

  void find(const TraceId& id, std::vector<std::uint32_t>& rows) const override {
    const TraceEntry* trace = entry(id);
    if (trace == nullptr || trace->first > rows_.size() ||
        trace->rows > rows_.size() - trace->first) {
      return;
    }
    for (const std::uint32_t row : rows_.subspan(trace->first, trace->rows)) {
      if (row < spans_) rows.push_back(row);
    }
  }

  std::optional<std::uint64_t> earliest(const TraceId& id) const override {
    const TraceEntry* trace = entry(id);
    if (trace == nullptr) return std::nullopt;
    return trace->start_unix_nano;
  }

  std::span<const TraceEntry> sorted(std::vector<TraceEntry>&) const override { return traces_; }

 private:
  const TraceEntry* entry(const TraceId& id) const {
    const auto found = std::lower_bound(
        traces_.begin(), traces_.end(), id,
        [](const TraceEntry& trace, const TraceId& key) { return trace.id < key; });
    return found != traces_.end() && found->id == id ? &*found : nullptr;
  }

  const std::span<const TraceEntry> traces_;
  const std::span<const std::uint32_t> rows_;
  const std::size_t spans_;
};

std::size_t pages_of(std::size_t rows) {
  return (rows + kPageRows - 1) / kPageRows;
}

bool sizes_agree(const SpanColumns& spans, std::uint64_t rows) {
  const std::size_t sizes[] = {
      spans.trace_id.size(), spans.span_id.size(),  spans.parent_span_id.size(),
      spans.start.size(),    spans.duration.size(), spans.service.size(),
      spans.name.size(),     spans.context.size(),  spans.offset.size(),
      spans.bytes.size(),    spans.facts.size(),    spans.fingerprint.size()};
  return std::all_of(std::begin(sizes), std::end(sizes),
                     [rows](std::size_t size) { return size == rows; }) &&
         spans.pages.size() == pages_of(rows);
}

bool sizes_agree(const LogColumns& logs, std::uint64_t rows) {
  const std::size_t sizes[] = {logs.trace_id.size(), logs.span_id.size(),  logs.time.size(),
                               logs.service.size(),  logs.severity.size(), logs.context.size(),
                               logs.offset.size(),   logs.bytes.size()};
  return std::all_of(std::begin(sizes), std::end(sizes),
                     [rows](std::size_t size) { return size == rows; }) &&
         logs.pages.size() == pages_of(rows);
}

void open_spans(const Directory& directory, SpanColumns& spans) {
  spans = {directory.paged<TraceId>(Section::kSpanTraceId),
           directory.paged<SpanId>(Section::kSpanId),
           directory.paged<SpanId>(Section::kSpanParentId),
           directory.paged<std::uint64_t>(Section::kSpanStart),
           directory.paged<std::uint64_t>(Section::kSpanDuration),
           directory.paged<std::uint32_t>(Section::kSpanService),
           directory.paged<std::uint32_t>(Section::kSpanName),
           directory.paged<std::uint32_t>(Section::kSpanContext),
           directory.paged<std::uint32_t>(Section::kSpanOffset),
           directory.paged<std::uint32_t>(Section::kSpanBytes),
           directory.paged<std::uint8_t>(Section::kSpanFacts),
           directory.paged<std::uint64_t>(Section::kSpanFingerprint),
           directory.copy<TimeSpan>(Section::kSpanPages)};
}

void open_logs(const Directory& directory, LogColumns& logs) {
  logs = {directory.paged<TraceId>(Section::kLogTraceId),
          directory.paged<SpanId>(Section::kLogSpanId),
          directory.paged<std::uint64_t>(Section::kLogTime),
          directory.paged<std::uint32_t>(Section::kLogService),
          directory.paged<std::uint8_t>(Section::kLogSeverity),
          directory.paged<std::uint32_t>(Section::kLogContext),
          directory.paged<std::uint32_t>(Section::kLogOffset),
          directory.paged<std::uint32_t>(Section::kLogBytes),
          directory.copy<TimeSpan>(Section::kLogPages)};
}

}  // namespace

Result<std::shared_ptr<const SegmentView>> open_index(Bytes file, std::uint64_t number,
                                                      std::shared_ptr<const File> log) {
  const Result<Directory> directory = Directory::open(file.view());
  if (!directory) return directory.error();
  auto view = std::make_shared<SegmentView>();
  const std::span<const SegmentFacts> facts = directory->items<SegmentFacts>(Section::kFacts);
  if (facts.size() != 1) return data_loss("the index lacks its facts");
  view->number = number;
  view->facts = facts[0];
  view->log = std::move(log);
  view->records = directory->paged<RecordEntry>(Section::kRecords);
  view->contexts = directory->paged<ContextEntry>(Section::kContexts);
  open_spans(*directory, view->spans);
  open_logs(*directory, view->logs);
  if (!sizes_agree(view->spans, view->facts.spans) ||
      !sizes_agree(view->logs, view->facts.log_records)) {
    return data_loss("the columns of the index differ in length");
  }
  const auto texts = [&](Section ends, Section bytes) {
    return Texts(directory->items<std::uint32_t>(ends), directory->text(bytes));
  };
  view->services = texts(Section::kServiceOffsets, Section::kServiceBytes);
  view->names = texts(Section::kNameOffsets, Section::kNameBytes);
  view->keys = texts(Section::kKeyOffsets, Section::kKeyBytes);
  view->operations = directory->copy<OperationEntry>(Section::kOperations);
  view->key_counts = directory->copy<KeyEntry>(Section::kKeys);
  view->traces = std::make_shared<SealedTraceIndex>(
      directory->items<TraceEntry>(Section::kTraces),
      directory->items<std::uint32_t>(Section::kTraceRows), view->spans.size());
  view->memory = file.owner();
  return std::shared_ptr<const SegmentView>(std::move(view));
}

Status verify_index(const Bytes& file) {
  const Result<Directory> directory = Directory::open(file.view());
  if (!directory) return directory.error();
  for (const SectionEntry& entry : directory->entries()) {
    if (crc32c(directory->bytes(entry)) != entry.crc) {
      return data_loss("section " + std::to_string(entry.id) + " of the index is damaged");
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::engine
