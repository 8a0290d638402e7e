#include "agent/process/recorder.h"

#include <algorithm>
#include <utility>

#include "agent/process/limits.h"
#include "kolben/abi.h"

namespace kolben::agent {
namespace {

InstrumentKind instrument_kind(std::uint8_t kind) {
  switch (kind) {
    case KOLBEN_UP_DOWN_COUNTER:
      return InstrumentKind::kUpDownCounter;
    case KOLBEN_HISTOGRAM:
      return InstrumentKind::kHistogram;
    case KOLBEN_GAUGE:
      return InstrumentKind::kGauge;
    default:
      return InstrumentKind::kCounter;
  }
}

}  // namespace

Recorder::Recorder(const Settings& settings, Exporters exporters, SharedOutput& output,
                   std::uint64_t now)
    : settings_(settings),
      exporters_(std::move(exporters)),
      output_(output),
      resources_(settings),
      batches_(settings, exporters_, resources_),
      spans_(settings),
      metrics_(settings.metrics, exporters_.metrics, settings.exemplar_filter, now),
      http_metrics_(settings.conventions, metrics_),
      database_metrics_(settings.conventions, metrics_),
      rpc_metrics_(settings_.conventions, metrics_),
      messaging_metrics_(metrics_),
      lines_([this](const Line& line) { add_line(line); }),
      roots_(settings.sampler),
      streams_(*this),
      commands_([this](const EndedCommand& command) { take_command(command); }),
      collectors_(settings) {
  if (!settings.sanitizes_sql) streams_.set_query_texts(QueryTexts::kAsWritten);
}

void Recorder::handle(std::string_view bytes, std::uint64_t now) {
  now_ = now;
  const auto record = parse_record(bytes);
  if (!record) {
    ++counts_.damaged;
    return;
  }
  set_process(record->header.pid);
  if (!keep_record_back(*record, bytes)) handle(*record, bytes, now);
}

template <typename View, typename Use>
void Recorder::use(const View& view, const Use& use) {
  if (view) {
    use(*view);
  } else {
    ++counts_.damaged;
    batches_.trim_spans();  // of its copy
  }
}

void Recorder::handle(const RawRecord& record, std::string_view bytes, std::uint64_t now) {
  const std::string_view payload = record.payload;
  switch (record.header.type) {
    // Copied once, as a whole: the span's texts are views into it.
    case RecordType::kServerExchange:
      if (LeftExchanges::is_left(payload)) return keep_left(bytes, payload, now);
      return use(parse_exchange(batches_.span_arena().copy(payload)),
                 [&](const auto& view) { handle_server(view, now); });
    case RecordType::kClientExchange:
      if (LeftExchanges::is_left(payload)) return keep_left(bytes, payload, now);
      return use(parse_exchange(batches_.span_arena().copy(payload)),
                 [&](const auto& view) { handle_client(view, nullptr, now); });
    case RecordType::kSpan:
      return use(parse_span(payload), [&](const auto& view) { handle_span(view, now); });
    case RecordType::kMeasurement:
      return use(parse_measurement(payload),
                 [&](const auto& view) { handle_measurement(view, now); });
    case RecordType::kOutput:
      return use(parse_output(payload),
                 [&](const auto& view) { handle_output(record.header, view, now); });
    case RecordType::kLog:
      return use(parse_log(payload),
                 [&](const auto& view) { handle_log(record.header, view, payload); });
    case RecordType::kToldText:
      return use(parse_told_text(payload), [&](const auto& view) {
        told_lines_.tell_text(record.header.pid, record.header.tid, view.begin, view.fixed.size);
      });
    case RecordType::kStatement:
      return use(parse_statement(payload), [&](const auto& view) { handle_statement(view); });
    case RecordType::kStreamPiece:
      return use(parse_stream_piece(payload),
                 [&](const auto& view) { streams_.piece(record.header.pid, view); });
    case RecordType::kStreamEnd:
      return use(parse_stream_end(payload),
                 [&](const auto& end) { streams_.end(record.header.pid, end); });
    default:
      return handle_process(record);
  }
}

// What processes tell of themselves.
void Recorder::handle_process(const RawRecord& record) {
  const std::string_view payload = record.payload;
  const std::uint32_t pid = record.header.pid;
  switch (record.header.type) {
    case RecordType::kCommand:
      return use(parse_command(payload), [&](const auto& view) { handle_command(view); });
    case RecordType::kExit:
      return use(parse_exit(payload), [&](const auto& exit) { commands_.exited(pid, exit); });
    case RecordType::kChildEnded:
      return use(parse_child_ended(payload),
                 [&](const auto& child) { commands_.child_ended(child); });
    case RecordType::kProcessEnd:
      return process_ended(pid);
    case RecordType::kExec:  // is about to be tried
      return lines_.flush_process(pid);
    case RecordType::kProcessStart:
      return use(parse_process_start(payload), [&](const auto& view) { handle_start(pid, view); });
    default:
      ++counts_.damaged;
  }
}

void Recorder::set_resource(std::uint32_t number) {
  resource_ = number;
  batches_.set_resource(number);
  metrics_.set_resource(number);
}

void Recorder::handle_start(std::uint32_t pid, const ProcessStartView& view) {
  streams_.process_ended(pid, now_);  // of the program before this one
  collectors_.gone(pid);
  resources_.began(pid, view.service_name, view.resource_attributes);
  for (const std::string& warning : resources_.take_warnings()) {
    if (messages_ != nullptr) messages_->warn("kolben agent: " + warning);
  }
}

void Recorder::process_ended(std::uint32_t pid) {
  set_process(pid);
  lines_.flush_process(pid);
  streams_.process_ended(pid, now_);
  collectors_.gone(pid);
}

void Recorder::process_gone(std::uint32_t pid, std::optional<int> wait_status, std::uint64_t now) {
  now_ = now;
  process_ended(pid);
  commands_.gone(pid, wait_status, now);
  resources_.gone(pid);
}

void Recorder::set_processes(const std::vector<std::uint32_t>& pids) {
  processes_.resize(resources_.size());
  std::size_t count = std::min(pids.size(), ProcessMetrics::kProcessesMax);
  for (const std::uint32_t pid : pids) {
    if (count-- == 0) break;
    processes_[resources_.of(pid)].push_back(pid);
  }
}

void Recorder::handle_command(const CommandView& view) {
  commands_.told(view);
  const bool has_become_server = view.fixed.end_time != 0;
  if (has_become_server || view.fixed.is_only_if_known == 0) {
    held_logs_.settle(view.fixed.self, !has_become_server);
  }
}

void Recorder::take_command(const EndedCommand& command) {
  set_process(command.fixed.pid);
  build_command(command, batches_.add_span(now_), batches_.span_arena());
  batches_.keep_span(command.fixed.self);
}

void Recorder::handle_unfinished(std::string_view bytes, std::optional<std::uint64_t> forked,
                                 std::uint64_t now) {
  const auto record = parse_record(bytes);
  const auto view = record ? parse_exchange(record->payload) : std::nullopt;
  if (view) {
    if (is_recent(span_id_of(view->fixed.self))) return;
    if (forked && view->fixed.start_time < *forked) return keep_left(bytes, record->payload, now);
  }
  handle(bytes, now);
}

void Recorder::note_recent(const ExchangeView& view) {
  const SpanId id = span_id_of(view.fixed.self);
  recent_spans_[recent_next_++ % recent_spans_.size()] = id;
  if (!left_.empty()) left_.answered(id);
}

bool Recorder::is_recent(SpanId id) const {
  return std::find(recent_spans_.begin(), recent_spans_.end(), id) != recent_spans_.end();
}

void Recorder::keep_left(std::string_view record, std::string_view payload, std::uint64_t now) {
  const auto view = parse_exchange(payload);
  if (!view) {
    ++counts_.damaged;
  } else if (const SpanId id = span_id_of(view->fixed.self); !is_recent(id)) {
    left_.keep(record, id, now);
    tell_left(now, false);  // what was to make room
  }
}

void Recorder::tell_left(std::uint64_t now, bool all) {
  while (const auto record = left_.take(now, all)) handle(*record, now);
}

void Recorder::handle_server(const ExchangeView& view, std::uint64_t now) {
  const HttpExchange exchange(view);
  const RequestHead& asked = exchange.request;
  const bool is_export = collectors_.is_export(asked.method, asked.target, exchange.user_agent);
  if (is_export) note_collector();
  // Of views into a batch that may go out.
  const Collectors::Cause cause{pid_, trace_id_of(view.fixed.self)};
  const bool is_telemetry = collectors_.is_telemetry(asked.method, asked.target);
  if (is_export) {
    batches_.trim_spans();
  } else {
    tell_server(exchange, now);
  }
  collectors_.served(cause, is_telemetry, now);
}

void Recorder::tell_server(const HttpExchange& exchange, std::uint64_t now) {
  const ExchangeView& view = *exchange.record;
  if (view.fixed.is_excluded != 0) return batches_.trim_spans();
  if (exchange.request.method.empty()) {
    ++counts_.damaged;
    return batches_.trim_spans();
  }
  note_recent(view);
  Span& span = batches_.add_span(now);
  spans_.build_server(exchange, span, batches_.span_arena());
  // W3C Trace Context, 3.3: without a traceparent it means nothing.
  if (view.fixed.parent_is_remote != 0) {
    span.trace_state = owned_text(exchange.trace_state, Limits::kNoLimit, batches_.span_arena());
  }
  const std::size_t blank = span.name.find(' ');
  const std::string_view route =
      blank == std::string_view::npos ? std::string_view() : span.name.substr(blank + 1);
  if (!exporters_.metrics.empty()) {
    http_metrics_.record_server(span, route, body_sizes_of(view.fixed, settings_.conventions), now);
  }
  batches_.keep_span(view.fixed.self);
}

void Recorder::handle_client(const ExchangeView& view, const Origin* origin, std::uint64_t now) {
  const HttpExchange exchange(view);
  if (collectors_.is_export(exchange.request.method, exchange.request.target,
                            exchange.user_agent)) {
    collectors_.leave_out();  // a proxy passes it on
    return batches_.trim_spans();
  }
  if (exchange.request.method.empty()) {
    ++counts_.damaged;
    return batches_.trim_spans();
  }
  note_recent(view);
  Span& span = batches_.add_span(now);
  spans_.build_client(exchange, span, batches_.span_arena());
  if (origin != nullptr) SpanBuilder::add_link(*origin, span, batches_.span_arena());
  if (!exporters_.metrics.empty()) {
    http_metrics_.record_client(span, body_sizes_of(view.fixed, settings_.conventions), now);
  }
  batches_.keep_span(view.fixed.self);
}

void Recorder::handle_span(const SpanView& view, std::uint64_t now) {
  Span& span = view.scope_name.empty()
                   ? batches_.add_span(now)
                   : batches_.add_span(view.scope_name, view.scope_version, now);
  spans_.build_manual(view, span, batches_.span_arena());
  batches_.keep_span(view.fixed.self);
}

void Recorder::handle_measurement(const MeasurementView& view, std::uint64_t now) {
  Arena scratch;
  Attributes attributes;
  add_encoded_attributes(view.attributes, {.count_max = 128}, attributes, scratch);
  Measured measured;
  measured.kind = instrument_kind(view.fixed.kind);
  measured.name = owned_text(view.name, Limits::kNoLimit, scratch);
  measured.unit = owned_text(view.unit, Limits::kNoLimit, scratch);
  measured.description = owned_text(view.description, Limits::kNoLimit, scratch);
  measured.value = view.fixed.value;
  const Context& whom = view.fixed.context;
  measured.whom = {trace_id_of(whom), span_id_of(whom), (whom.flags & 1) != 0};
  metrics_.record(measured, attributes, now);
}

void Recorder::export_metrics(MetricReaders::Which which, const ActiveRequests& active_requests,
                              std::uint64_t now) {
  http_metrics_.record_active(active_requests, now);
  metrics_.export_to(which, std::exchange(processes_, {}), now,
                     [this](std::uint32_t number, Resource& resource, Arena& arena) {
                       resources_.fill(number, resource, arena);
                     });
}

void Recorder::tick(const std::optional<ActiveRequests>& active_requests, std::uint64_t now) {
  now_ = now;
  commands_.tick(now);
  held_logs_.tick(now);
  collectors_.tick(now);
  tell_left(now, false);
  batches_.export_due(now);
  if (active_requests) export_metrics(MetricReaders::Which::kDue, *active_requests, now);
}

bool Recorder::flush(std::uint64_t now) {
  now_ = now;
  held_logs_.finish();
  batches_.export_all();
  const auto are_idle = [](const std::vector<Exporter*>& exporters) {
    return std::all_of(exporters.begin(), exporters.end(),
                       [](Exporter* exporter) { return exporter->is_idle(); });
  };
  return are_idle(exporters_.traces) && are_idle(exporters_.logs) && are_idle(exporters_.metrics);
}

void Recorder::finish(const ActiveRequests& active_requests, std::uint64_t now) {
  now_ = now;
  lines_.flush_all();
  held_logs_.finish();
  commands_.finish();
  tell_left(now, true);
  collectors_.finish();
  batches_.export_all();
  export_metrics(MetricReaders::Which::kAll, active_requests, now);
}

Recorder::Counts Recorder::counts() const {
  Counts counts = counts_;
  counts.output_cut += lines_.cut();
  counts.measurements_refused = metrics_.refused();
  counts.streams_given_up = streams_.given_up();
  counts.streams_made_room = streams_.made_room();
  counts.commands_dropped = commands_.dropped();
  counts.resources_refused = resources_.refused();
  counts.collectors_left_out = collectors_.left_out();
  return counts;
}

}  // namespace kolben::agent
