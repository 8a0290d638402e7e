#include "storage/engine/active_segment.h"

#include <algorithm>

#include "storage/engine/index_writer.h"

namespace kolben::storage::engine {

// Finds the rows of traces in a segment that still grows; rows behind the view's end are not its
// business.
class ActiveTraceIndex final : public TraceIndex {
 public:
  ActiveTraceIndex(std::shared_ptr<const ActiveSegment> segment, std::uint32_t rows)
      : segment_(std::move(segment)), rows_(rows) {}

  void find(const TraceId& id, std::vector<std::uint32_t>& rows) const override {
    MutexLock lock(segment_->mutex_);
    for (std::uint32_t row = segment_->last_row(id); row != 0;
         row = segment_->spans_.previous[row - 1]) {
      if (row <= rows_) rows.push_back(row - 1);
    }
  }

  std::optional<std::uint64_t> earliest(const TraceId& id) const override {
    MutexLock lock(segment_->mutex_);
    std::optional<std::uint64_t> start;
    for (std::uint32_t row = segment_->last_row(id); row != 0;
         row = segment_->spans_.previous[row - 1]) {
      if (row > rows_) continue;
      const std::uint64_t candidate = segment_->spans_.start[row - 1];
      if (!start || candidate < *start) start = candidate;
    }
    return start;
  }

  std::span<const TraceEntry> sorted(std::vector<TraceEntry>& scratch) const override {
    MutexLock lock(segment_->mutex_);
    scratch = segment_->sorted_traces(nullptr);
    return scratch;
  }

 private:
  const std::shared_ptr<const ActiveSegment> segment_;
  const std::uint32_t rows_;
};

ActiveSegment::ActiveSegment(std::uint64_t number, std::shared_ptr<const File> log)
    : number_(number), log_(std::move(log)) {}

void ActiveSegment::apply(RecordEntry record, const Walked& walked, DuplicateWindow& window) {
  MutexLock lock(mutex_);
  view_.reset();
  const auto record_number = static_cast<std::uint32_t>(records_.size());
  record.fingerprint = walked.fingerprint;
  record.is_duplicate = walked.fingerprint != 0 && !window.insert(walked.fingerprint) ? 1 : 0;
  records_.push_back(record);
  if (facts_.first_sequence == 0) facts_.first_sequence = record.sequence;
  facts_.last_sequence = record.sequence;
  facts_.log_bytes = record.offset + record_span_bytes(record.body_bytes);
  facts_.received.cover(record.received_unix_nano);
  if (record.is_duplicate != 0) {
    facts_.duplicates += walked.logs.size() + walked.metric_points;
    return;
  }
  facts_.metric_points += walked.metric_points;

  const auto contexts_before = static_cast<std::uint32_t>(contexts_.size());
  for (const WalkedContext& context : walked.contexts) {
    contexts_.push_back({record_number, services_.number_of(context.service), context.resource,
                         context.resource_schema, context.scope, context.scope_schema});
  }
  for (const WalkedSpan& span : walked.spans) {
    if (!window.insert(span.fingerprint)) {
      ++facts_.duplicates;
      continue;
    }
    const std::uint32_t context = contexts_before + span.context;
    add_span(span, context, contexts_[context].service);
  }
  for (const WalkedLog& log : walked.logs) {
    const std::uint32_t context = contexts_before + log.context;
    add_log(log, context, contexts_[context].service);
  }
  add_keys(walked.keys);
}

void ActiveSegment::note_damage(std::uint64_t records) {
  MutexLock lock(mutex_);
  facts_.damaged_records += records;
}

void ActiveSegment::add_span(const WalkedSpan& span, std::uint32_t context, std::uint32_t service) {
  const std::uint32_t name = names_.number_of(span.name);
  const auto row = static_cast<std::uint32_t>(spans_.trace_id.size());
  if (row % kPageRows == 0) spans_.pages.emplace_back();
  spans_.pages.back().cover(span.start_unix_nano);
  spans_.trace_id.push_back(span.trace_id);
  spans_.span_id.push_back(span.span_id);
  spans_.parent_span_id.push_back(span.parent_span_id);
  spans_.start.push_back(span.start_unix_nano);
  spans_.duration.push_back(span.duration_nanos);
  spans_.service.push_back(service);
  spans_.name.push_back(name);
  spans_.context.push_back(context);
  spans_.offset.push_back(span.slice.offset);
  spans_.bytes.push_back(span.slice.bytes);
  spans_.facts.push_back(span.facts);
  spans_.fingerprint.push_back(span.fingerprint);
  std::uint32_t& last = trace_slot(span.trace_id);
  spans_.previous.push_back(last);
  if (last == 0) ++traces_;
  last = row + 1;
  ++operations_[std::uint64_t{service} << 32 | name][span.facts & 7];
  facts_.span_starts.cover(span.start_unix_nano);
  ++facts_.spans;
}

void ActiveSegment::add_log(const WalkedLog& log, std::uint32_t context, std::uint32_t service) {
  if (logs_.trace_id.size() % kPageRows == 0) logs_.pages.emplace_back();
  logs_.pages.back().cover(log.time_unix_nano);
  logs_.trace_id.push_back(log.trace_id);
  logs_.span_id.push_back(log.span_id);
  logs_.time.push_back(log.time_unix_nano);
  logs_.service.push_back(service);
  logs_.severity.push_back(log.severity);
  logs_.context.push_back(context);
  logs_.offset.push_back(log.slice.offset);
  logs_.bytes.push_back(log.slice.bytes);
  facts_.log_times.cover(log.time_unix_nano);
  ++facts_.log_records;
}

void ActiveSegment::add_keys(const KeyCounts& keys) {
  for (const KeyCounts::Entry& entry : keys.entries()) {
    if (keys_.size() >= kKeysMax || entry.key.size() > kKeyBytesMax) {
      facts_.keys_are_complete = 0;
      continue;
    }
    const std::uint64_t key = keys_.number_of(entry.key);
    key_counts_[static_cast<std::uint64_t>(entry.scope) << 32 | key] += entry.count;
  }
}

std::uint32_t& ActiveSegment::trace_slot(const TraceId& id) {
  if ((traces_ + 1) * 2 > trace_slots_.size()) grow_traces();
  const std::size_t mask = trace_slots_.size() - 1;
  std::size_t slot = hash64(id.as_bytes()) & mask;
  while (trace_slots_[slot] != 0 && spans_.trace_id[trace_slots_[slot] - 1] != id) {
    slot = (slot + 1) & mask;
  }
  return trace_slots_[slot];
}

void ActiveSegment::grow_traces() {
  std::vector<std::uint32_t> before(std::max<std::size_t>(1024, trace_slots_.size() * 2), 0);
  before.swap(trace_slots_);
  const std::size_t mask = trace_slots_.size() - 1;
  for (const std::uint32_t row : before) {
    if (row == 0) continue;
    std::size_t slot = hash64(spans_.trace_id[row - 1].as_bytes()) & mask;
    while (trace_slots_[slot] != 0) slot = (slot + 1) & mask;
    trace_slots_[slot] = row;
  }
}

std::uint32_t ActiveSegment::last_row(const TraceId& id) const {
  if (trace_slots_.empty()) return 0;
  const std::size_t mask = trace_slots_.size() - 1;
  std::size_t slot = hash64(id.as_bytes()) & mask;
  while (trace_slots_[slot] != 0 && spans_.trace_id[trace_slots_[slot] - 1] != id) {
    slot = (slot + 1) & mask;
  }
  return trace_slots_[slot];
}

std::vector<TraceEntry> ActiveSegment::sorted_traces(std::vector<std::uint32_t>* rows) const {
  std::vector<TraceEntry> traces;
  traces.reserve(traces_);
  for (const std::uint32_t row : trace_slots_) {
    // `first` holds the last row until the rows are laid out below.
    if (row != 0) traces.push_back({spans_.trace_id[row - 1], UINT64_MAX, row, 0});
  }
  std::sort(traces.begin(), traces.end(),
            [](const TraceEntry& a, const TraceEntry& b) { return a.id < b.id; });
  std::vector<std::uint32_t> of_trace;
  for (TraceEntry& trace : traces) {
    of_trace.clear();
    for (std::uint32_t row = trace.first; row != 0; row = spans_.previous[row - 1]) {
      of_trace.push_back(row - 1);
      trace.start_unix_nano = std::min(trace.start_unix_nano, spans_.start[row - 1]);
    }
    trace.rows = static_cast<std::uint32_t>(of_trace.size());
    if (rows == nullptr) continue;
    trace.first = static_cast<std::uint32_t>(rows->size());
    rows->insert(rows->end(), of_trace.rbegin(), of_trace.rend());
  }
  return traces;
}

void ActiveSegment::Spans::append_view(SpanColumns& columns) const {
  columns = {trace_id.view(),
             span_id.view(),
             parent_span_id.view(),
             start.view(),
             duration.view(),
             service.view(),
             name.view(),
             context.view(),
             offset.view(),
             bytes.view(),
             facts.view(),
             fingerprint.view(),
             pages};
}

void ActiveSegment::Logs::append_view(LogColumns& columns) const {
  columns = {trace_id.view(), span_id.view(), time.view(),  service.view(), severity.view(),
             context.view(),  offset.view(),  bytes.view(), pages};
}

std::shared_ptr<const SegmentView> ActiveSegment::view() {
  MutexLock lock(mutex_);
  if (auto known = view_.lock()) return known;
  auto view = std::make_shared<SegmentView>();
  view->number = number_;
  view->facts = facts_;
  view->log = log_;
  view->records = records_.view();
  view->contexts = contexts_.view();
  spans_.append_view(view->spans);
  logs_.append_view(view->logs);
  view->services = Texts(services_.view());
  view->names = Texts(names_.view());
  view->keys = Texts(keys_.view());
  for (const auto& [operation, kinds] : operations_) {
    for (std::uint32_t kind = 0; kind < kinds.size(); ++kind) {
      if (kinds[kind] == 0) continue;
      view->operations.push_back({static_cast<std::uint32_t>(operation >> 32),
                                  static_cast<std::uint32_t>(operation), kind, kinds[kind]});
    }
  }
  for (const auto& [key, count] : key_counts_) {
    view->key_counts.push_back(
        {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32), count});
  }
  view->traces = std::make_shared<ActiveTraceIndex>(
      shared_from_this(), static_cast<std::uint32_t>(spans_.trace_id.size()));
  view->memory = shared_from_this();
  view_ = view;
  return view;
}

SegmentFacts ActiveSegment::facts() const {
  MutexLock lock(mutex_);
  return facts_;
}

Status ActiveSegment::write_index(FileSystem& files, const std::string& path) {
  const std::shared_ptr<const SegmentView> seen = view();
  std::vector<std::uint32_t> rows;
  std::vector<TraceEntry> traces;
  IndexWriter writer;
  {
    MutexLock lock(mutex_);
    traces = sorted_traces(&rows);
    const auto add = [&writer](Section section, const auto& buffer) {
      buffer.append_slices(writer.begin(section));
    };
    add(Section::kRecords, records_);
    add(Section::kContexts, contexts_);
    add(Section::kSpanTraceId, spans_.trace_id);
    add(Section::kSpanId, spans_.span_id);
    add(Section::kSpanParentId, spans_.parent_span_id);
    add(Section::kSpanStart, spans_.start);
    add(Section::kSpanDuration, spans_.duration);
    add(Section::kSpanService, spans_.service);
    add(Section::kSpanName, spans_.name);
    add(Section::kSpanContext, spans_.context);
    add(Section::kSpanOffset, spans_.offset);
    add(Section::kSpanBytes, spans_.bytes);
    add(Section::kSpanFacts, spans_.facts);
    add(Section::kSpanFingerprint, spans_.fingerprint);
    add(Section::kLogTraceId, logs_.trace_id);
    add(Section::kLogSpanId, logs_.span_id);
    add(Section::kLogTime, logs_.time);
    add(Section::kLogService, logs_.service);
    add(Section::kLogSeverity, logs_.severity);
    add(Section::kLogContext, logs_.context);
    add(Section::kLogOffset, logs_.offset);
    add(Section::kLogBytes, logs_.bytes);
  }
  const auto add_vector = [&writer](Section section, const auto& items) {
    writer.begin(section).emplace_back(reinterpret_cast<const char*>(items.data()),
                                       items.size() * sizeof(items[0]));
  };
  const std::vector<SegmentFacts> facts{seen->facts};
  add_vector(Section::kFacts, facts);
  add_vector(Section::kTraces, traces);
  add_vector(Section::kTraceRows, rows);
  add_vector(Section::kOperations, seen->operations);
  add_vector(Section::kKeys, seen->key_counts);
  add_vector(Section::kSpanPages, seen->spans.pages);
  add_vector(Section::kLogPages, seen->logs.pages);
  writer.add_texts(Section::kServiceOffsets, Section::kServiceBytes, seen->services);
  writer.add_texts(Section::kNameOffsets, Section::kNameBytes, seen->names);
  writer.add_texts(Section::kKeyOffsets, Section::kKeyBytes, seen->keys);
  return writer.write(files, path);
}

}  // namespace kolben::storage::engine
