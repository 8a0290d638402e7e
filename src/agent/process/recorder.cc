#include "agent/process/recorder.h"

#include <algorithm>
#include <utility>

#include "agent/process/limits.h"
#include "agent/process/log_builder.h"
#include "agent/process/web_calls.h"
#include "agent/protocols/sql.h"
#include "kolben/abi.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kAgentUserAgent = "kolben-agent/";  // transport.cc
constexpr std::string_view kScopeName = "kolben.agent";
// A batch of logs may hold long lines: it is sent before it grows past this.
constexpr std::size_t kBatchBytesMax = 2 << 20;
// Of a batch: libraries name theirs once. What comes beyond goes into the first.
constexpr std::uint32_t kScopesMax = 64;

// The scope of that name; appended where there is none.
template <typename T>
std::uint32_t scope_in(List<T>& scopes, std::string_view name, std::string_view version,
                       Arena& arena) {
  for (std::uint32_t i = 0; i < scopes.size(); ++i) {
    if (scopes[i].scope.name == name && scopes[i].scope.version == version) return i;
  }
  if (scopes.size() == kScopesMax) return 0;
  T& scope = scopes.add(arena);
  scope.scope.name = owned_text(name, Limits::kNoLimit, arena);
  scope.scope.version = owned_text(version, Limits::kNoLimit, arena);
  return scopes.size() - 1;
}

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

DatabaseCall call_of(const StatementView& view) {
  const Statement& fixed = view.fixed;
  DatabaseCall call;
  call.system = "sqlite";
  call.start_time = fixed.start_time;
  call.end_time = fixed.end_time;
  call.origin = origin_of(fixed.self, fixed.parent_span_id);
  call.database = view.database;
  call.text = sanitized_sql(view.text, SqlDialect::kSqlite);
  call.summary = sql_summary(view.text, SqlDialect::kSqlite);
  if (fixed.error_code != 0) call.error_code = std::to_string(fixed.error_code);
  return call;
}

// The texts are the settings'.
Value value_of(const ResourceValue& value, Arena& arena) {
  struct ToValue {
    Value operator()(const std::string& text) const { return Value::string(text); }
    Value operator()(std::int64_t number) const { return Value::integer(number); }
    Value operator()(double number) const { return Value::real(number); }
    Value operator()(bool truth) const { return Value::boolean(truth); }
  };
  if (!value.is_list && value.items.size() == 1) return std::visit(ToValue(), value.items[0]);
  List<Value> list;
  for (const auto& item : value.items) list.push_back(arena, std::visit(ToValue(), item));
  return Value::array(list);
}

}  // namespace

Recorder::Recorder(const Settings& settings, Exporters exporters, SharedOutput& output,
                   std::uint64_t now)
    : settings_(settings),
      exporters_(std::move(exporters)),
      output_(output),
      spans_(settings),
      metrics_(settings.metrics, exporters_.metrics, settings.exemplar_filter, now),
      http_metrics_(settings.conventions, metrics_),
      database_metrics_(settings.conventions, metrics_),
      rpc_metrics_(settings_.conventions, metrics_),
      lines_([this](const Line& line) { add_line(line); }),
      streams_(*this),
      commands_([this](const EndedCommand& command) { take_command(command); }) {}

void Recorder::handle(std::string_view bytes, std::uint64_t now) {
  now_ = now;
  const auto record = parse_record(bytes);
  if (!record) {
    ++counts_.damaged;
    return;
  }
  const std::string_view payload = record->payload;
  const auto take = [this](const auto& view, auto&& use) {
    if (view) {
      use(*view);
    } else {
      ++counts_.damaged;
      trim_spans();  // of its copy
    }
  };
  switch (record->header.type) {
    // Copied once, as a whole: the span's texts are views into it.
    case RecordType::kServerExchange:
      if (LeftExchanges::is_left(payload)) return keep_left(bytes, payload, now);
      return take(parse_exchange(open_spans_.batch.arena().copy(payload)),
                  [&](const auto& view) { handle_server(view, now); });
    case RecordType::kClientExchange:
      if (LeftExchanges::is_left(payload)) return keep_left(bytes, payload, now);
      return take(parse_exchange(open_spans_.batch.arena().copy(payload)),
                  [&](const auto& view) { handle_client(view, nullptr, now); });
    case RecordType::kSpan:
      return take(parse_span(payload), [&](const auto& view) { handle_span(view, now); });
    case RecordType::kMeasurement:
      return take(parse_measurement(payload),
                  [&](const auto& view) { handle_measurement(view, now); });
    case RecordType::kOutput:
      return take(parse_output(payload),
                  [&](const auto& view) { handle_output(record->header, view, now); });
    case RecordType::kLog:
      return take(parse_log(payload),
                  [&](const auto& view) { handle_log(record->header, view, payload); });
    case RecordType::kToldText:
      return take(parse_told_text(payload), [&](const auto& view) {
        told_lines_.tell_text(record->header.pid, record->header.tid, view.begin, view.fixed.size);
      });
    case RecordType::kStatement:
      return take(parse_statement(payload),
                  [&](const auto& view) { Recorder::take(call_of(view), StreamPeer()); });
    case RecordType::kStreamPiece:
      return take(parse_stream_piece(payload),
                  [&](const auto& view) { streams_.piece(record->header.pid, view); });
    case RecordType::kStreamEnd:
      return take(parse_stream_end(payload),
                  [&](const auto& end) { streams_.end(record->header.pid, end); });
    case RecordType::kCommand:
      return take(parse_command(payload), [&](const auto& view) { handle_command(view); });
    case RecordType::kExit:
      return take(parse_exit(payload),
                  [&](const auto& exit) { commands_.exited(record->header.pid, exit); });
    case RecordType::kChildEnded:
      return take(parse_child_ended(payload),
                  [&](const auto& child) { commands_.child_ended(child); });
    case RecordType::kProcessEnd:
      return process_ended(record->header.pid);
    case RecordType::kExec:  // is about to be tried
      return lines_.flush_process(record->header.pid);
    case RecordType::kProcessStart:
      return streams_.process_ended(record->header.pid, now_);  // of the program before this one
  }
  ++counts_.damaged;
}

void Recorder::process_ended(std::uint32_t pid) {
  lines_.flush_process(pid);
  streams_.process_ended(pid, now_);
}

void Recorder::process_gone(std::uint32_t pid, std::optional<int> wait_status, std::uint64_t now) {
  now_ = now;
  process_ended(pid);
  commands_.gone(pid, wait_status, now);
}

void Recorder::handle_command(const CommandView& view) {
  commands_.told(view);
  const bool has_become_server = view.fixed.end_time != 0;
  if (has_become_server || view.fixed.is_only_if_known == 0) {
    held_logs_.settle(view.fixed.self, !has_become_server);
  }
}

void Recorder::take_command(const EndedCommand& command) {
  build_command(command, add_span(now_), open_spans_.batch.arena());
  keep_span(command.fixed.self);
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
  // A collector under the agent: what it gets from agents would come back as more of the same.
  if (exchange.user_agent.starts_with(kAgentUserAgent)) return trim_spans();
  if (view.fixed.is_excluded != 0) return trim_spans();
  if (exchange.request.method.empty()) {
    ++counts_.damaged;
    return trim_spans();
  }
  note_recent(view);
  Span& span = add_span(now);
  spans_.build_server(exchange, span, open_spans_.batch.arena());
  // W3C Trace Context, 3.3: without a traceparent it means nothing.
  if (view.fixed.parent_is_remote != 0) {
    span.trace_state =
        owned_text(exchange.trace_state, Limits::kNoLimit, open_spans_.batch.arena());
  }
  const std::size_t blank = span.name.find(' ');
  const std::string_view route =
      blank == std::string_view::npos ? std::string_view() : span.name.substr(blank + 1);
  if (!exporters_.metrics.empty()) {
    http_metrics_.record_server(span, route, body_sizes_of(view.fixed, settings_.conventions), now);
  }
  keep_span(view.fixed.self);
}

void Recorder::handle_client(const ExchangeView& view, const Origin* origin, std::uint64_t now) {
  const HttpExchange exchange(view);
  if (exchange.request.method.empty()) {
    ++counts_.damaged;
    return trim_spans();
  }
  note_recent(view);
  Span& span = add_span(now);
  spans_.build_client(exchange, span, open_spans_.batch.arena());
  if (origin != nullptr) SpanBuilder::add_link(*origin, span, open_spans_.batch.arena());
  if (!exporters_.metrics.empty()) {
    http_metrics_.record_client(span, body_sizes_of(view.fixed, settings_.conventions), now);
  }
  keep_span(view.fixed.self);
}

void Recorder::take(const DatabaseCall& call, const StreamPeer& peer) {
  Span& span = add_span(now_);
  spans_.build_database(call, peer, span, open_spans_.batch.arena());
  if (!exporters_.metrics.empty()) database_metrics_.record(span, now_);
  keep_span(context_of(call.origin, call.number));
}

void Recorder::take(const WebCall& call, const StreamPeer& peer) {
  if (call.user_agent.starts_with(kAgentUserAgent)) return;
  const Origin origin = origin_of(call, settings_);
  if (call.is_grpc()) {
    Span& span = add_span(now_);
    spans_.build_grpc(call, origin, peer, span, open_spans_.batch.arena());
    if (!exporters_.metrics.empty()) rpc_metrics_.record(span, now_);
    return keep_span(context_of(origin, call.number));
  }
  const HttpTwoExchange exchange(call, origin, peer, open_spans_.batch.arena());
  if (peer.is_client) return handle_server(exchange.view(), now_);
  handle_client(exchange.view(), &origin, now_);
}

void Recorder::take(const MessagingCall& call, const StreamPeer& peer) {
  spans_.build_messaging(call, peer, add_span(now_), open_spans_.batch.arena());
  keep_span(context_of(call.origin, call.number));
}

void Recorder::handle_span(const SpanView& view, std::uint64_t now) {
  Span& span =
      view.scope_name.empty() ? add_span(now) : add_span(view.scope_name, view.scope_version, now);
  spans_.build_manual(view, span, open_spans_.batch.arena());
  keep_span(view.fixed.self);
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

void Recorder::handle_output(const RecordHeader& header, const OutputView& view,
                             std::uint64_t /*now*/) {
  counts_.output_cut += view.fixed.bytes_cut;
  const bool is_file = !view.path.empty();
  if (view.bytes.empty()) {
    if (is_file) lines_.flush_file(header.pid, view.fixed.file_descriptor);
    return;
  }
  if (view.fixed.file_descriptor == 1) output_.line_is_open = view.bytes.back() != '\n';
  if (exporters_.logs.empty() || (!is_file && !settings_.captures_output)) return;
  if (view.fixed.is_told == 0) {
    return lines_.add(header.pid, view.fixed, view.path, view.bytes);
  }
  Output fixed = view.fixed;
  const std::string_view untold =
      told_lines_.untold(header.pid, header.tid, view.bytes, fixed.bytes_cut);
  lines_.add(header.pid, fixed, view.path, untold);
}

void Recorder::add_line(const Line& line) {
  const std::string text = plain_text(line.text);
  if (text.find_first_not_of(" \t") == std::string::npos) return;  // nothing is said
  if ((line.context.flags & kMayCome) == 0) return write_line(line, text);
  held_logs_.hold(
      line.context, text.size() + line.path.size(), now_,
      [this, held = line, path = std::string(line.path), text](const Context& context) mutable {
        held.context = context;
        held.path = path;
        held.text = text;
        write_line(held, text);
      });
}

void Recorder::write_line(const Line& line, std::string_view text) {
  LogRecord& record = add_log(kScopeName, now_);
  build_log(line, text, settings_.limits, now_, record, open_logs_.batch.arena());
}

void Recorder::handle_log(const RecordHeader& header, const LogView& view,
                          std::string_view payload) {
  if (exporters_.logs.empty()) return;
  told_lines_.tell(header.pid, header.tid, view.body);
  if ((view.fixed.context.flags & kMayCome) == 0) return write_log(view);
  held_logs_.hold(view.fixed.context, payload.size(), now_,
                  [this, held = std::string(payload)](const Context& context) {
                    auto again = parse_log(held);
                    again->fixed.context = context;  // it was whole before
                    write_log(*again);
                  });
}

void Recorder::write_log(const LogView& view) {
  LogRecord& record = add_log(view.scope_name.empty() ? kScopeName : view.scope_name, now_);
  build_log(view, settings_.limits, now_, record, open_logs_.batch.arena());
}

void Recorder::fill(Resource& resource, Arena& arena) const {
  for (const auto& [key, value] : settings_.resource_attributes) {
    resource.attributes.push_back(arena, {key, Value::string(value)});
  }
  for (const auto& [key, value] : settings_.resource_numbers) {
    resource.attributes.push_back(arena, {key, Value::integer(value)});
  }
  for (const auto& [key, value] : settings_.resource_values) {
    resource.attributes.push_back(arena, {key, value_of(value, arena)});
  }
}

Span& Recorder::add_span(std::uint64_t now) {
  return add_span(kScopeName, agent_version(), now);
}

// A default span at the end of the open batch; keep_span() decides whether it stays.
Span& Recorder::add_span(std::string_view scope, std::string_view version, std::uint64_t now) {
  Arena& arena = open_spans_.batch.arena();
  DecodedTraces& traces = open_spans_.batch.traces();
  if (traces.resources.empty()) {
    ResourceSpans& resource = traces.resources.add(arena);
    fill(resource.resource, arena);
    open_spans_.since = now;
  }
  List<ScopeSpans>& scopes = traces.resources[0].scopes;
  last_scope_ = scope_in(scopes, scope, version, arena);
  return scopes[last_scope_].spans.add(arena);
}

// The memory of what was not kept is the batch's: lets it go now and then.
void Recorder::trim_spans() {
  if (open_spans_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(open_spans_, exporters_.traces);
  }
}

void Recorder::keep_span(const Context& context) {
  auto& spans = open_spans_.batch.traces().resources[0].scopes[last_scope_].spans;
  if (!is_sampled(context) || exporters_.traces.empty()) {
    spans.truncate(spans.size() - 1);
    return trim_spans();
  }
  const Limits& limits = settings_.limits;
  limit_links(limits.span_links_max, {limits.link_attributes_max, limits.span_value_bytes_max},
              spans[spans.size() - 1], open_spans_.batch.arena());
  ++open_spans_.items;
  if (open_spans_.items >= settings_.span_batches.batch_items_max ||
      open_spans_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(open_spans_, exporters_.traces);
  }
}

LogRecord& Recorder::add_log(std::string_view scope, std::uint64_t now) {
  if (open_logs_.items >= settings_.log_batches.batch_items_max ||
      open_logs_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(open_logs_, exporters_.logs);
  }
  Arena& arena = open_logs_.batch.arena();
  DecodedLogs& logs = open_logs_.batch.logs();
  if (logs.resources.empty()) {
    ResourceLogs& resource = logs.resources.add(arena);
    fill(resource.resource, arena);
    open_logs_.since = now;
  }
  ++open_logs_.items;
  List<ScopeLogs>& scopes = logs.resources[0].scopes;
  const std::string_view version = scope == kScopeName ? agent_version() : std::string_view();
  return scopes[scope_in(scopes, scope, version, arena)].records.add(arena);
}

void Recorder::export_open(Open& open, const std::vector<Exporter*>& exporters) {
  if (open.items > 0) {
    open.batch.recount();
    for (Exporter* exporter : exporters) exporter->export_batch(open.batch);
  }
  open = Open(open.batch.signal());
}

void Recorder::export_metrics(MetricReaders::Which which, ActiveRequests active_requests,
                              std::uint64_t now) {
  http_metrics_.record_active(active_requests, now);
  metrics_.export_to(which, std::exchange(processes_, {}), now,
                     [this](Resource& resource, Arena& arena) { fill(resource, arena); });
}

void Recorder::tick(std::optional<ActiveRequests> active_requests, std::uint64_t now) {
  now_ = now;
  commands_.tick(now);
  held_logs_.tick(now);
  tell_left(now, false);
  const auto is_due = [now](const Open& open, const BatchSettings& batches) {
    return open.items > 0 && now >= open.since + batches.schedule_delay_nanos;
  };
  if (is_due(open_spans_, settings_.span_batches)) export_open(open_spans_, exporters_.traces);
  if (is_due(open_logs_, settings_.log_batches)) export_open(open_logs_, exporters_.logs);
  if (active_requests) export_metrics(MetricReaders::Which::kDue, *active_requests, now);
}

bool Recorder::flush(std::uint64_t now) {
  now_ = now;
  held_logs_.finish();
  export_open(open_spans_, exporters_.traces);
  export_open(open_logs_, exporters_.logs);
  const auto are_idle = [](const std::vector<Exporter*>& exporters) {
    return std::all_of(exporters.begin(), exporters.end(),
                       [](Exporter* exporter) { return exporter->is_idle(); });
  };
  return are_idle(exporters_.traces) && are_idle(exporters_.logs) && are_idle(exporters_.metrics);
}

void Recorder::finish(ActiveRequests active_requests, std::uint64_t now) {
  now_ = now;
  lines_.flush_all();
  held_logs_.finish();
  commands_.finish();
  tell_left(now, true);
  export_open(open_spans_, exporters_.traces);
  export_open(open_logs_, exporters_.logs);
  export_metrics(MetricReaders::Which::kAll, active_requests, now);
}

Recorder::Counts Recorder::counts() const {
  Counts counts = counts_;
  counts.output_cut += lines_.cut();
  counts.measurements_refused = metrics_.refused();
  counts.streams_given_up = streams_.given_up();
  counts.streams_made_room = streams_.made_room();
  counts.commands_dropped = commands_.dropped();
  return counts;
}

}  // namespace kolben::agent
