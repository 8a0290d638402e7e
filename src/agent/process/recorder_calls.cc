// The recorder's calls, to databases, brokers and over HTTP/2, and what of them, and of other
// spans, a collector's are not told of.
#include <optional>
#include <string>
#include <utility>

#include "agent/process/recorder.h"
#include "agent/process/web_calls.h"
#include "agent/protocols/sql.h"

namespace kolben::agent {
namespace {

// What a call that waits has of texts.
constexpr std::size_t kCallBytesAssumed = 256;
// Workers of a server are many, and one of them is enough to know.
constexpr std::uint32_t kCollectorsSaidMax = 8;

DatabaseCall call_of(const StatementView& view, bool sanitizes_sql) {
  const Statement& fixed = view.fixed;
  DatabaseCall call;
  call.system = "sqlite";
  call.start_time = fixed.start_time;
  call.end_time = fixed.end_time;
  call.origin = origin_of(fixed.self, fixed.parent_span_id);
  call.database = view.database;
  call.text =
      sanitizes_sql ? sanitized_sql(view.text, SqlDialect::kSqlite) : std::string(view.text);
  call.summary = sql_summary(view.text, SqlDialect::kSqlite);
  if (fixed.error_code != 0) call.error_code = std::to_string(fixed.error_code);
  return call;
}

Collectors::Cause cause_of(std::uint32_t pid, const Context& self,
                           const std::uint8_t (&parent_span_id)[8], bool is_linked) {
  // Only linked: whose it is was a guess.
  const bool is_below = !is_linked && !span_id_of(parent_span_id).is_zero();
  return {pid, is_below ? trace_id_of(self) : TraceId()};
}

// Of a span's record: whose it is. Those that come as calls are looked at as such.
std::optional<Collectors::Cause> cause_of(const RawRecord& record) {
  const std::uint32_t pid = record.header.pid;
  const auto of = [pid](const auto& view, bool is_linked) -> std::optional<Collectors::Cause> {
    if (!view) return std::nullopt;
    return cause_of(pid, view->fixed.self, view->fixed.parent_span_id, is_linked);
  };
  switch (record.header.type) {
    case RecordType::kClientExchange: {
      const auto view = parse_exchange(record.payload);
      return of(view, view && !view->linked_trace_id.empty());
    }
    case RecordType::kSpan:
      return of(parse_span(record.payload), false);
    default:
      return std::nullopt;
  }
}

}  // namespace

void Recorder::note_collector() {
  if (!collectors_.receives(pid_, now_) || messages_ == nullptr) return;
  if (collectors_said_ == kCollectorsSaidMax) return;
  ++collectors_said_;
  messages_->warn("kolben agent: process " + std::to_string(pid_) +
                  " receives what agents export; what it does with that, or below no request, is "
                  "not told: it would come back to it without end (docs/agent.md)");
}

bool Recorder::keep_record_back(const RawRecord& record, std::string_view bytes) {
  if (!collectors_.has(pid_, now_)) return false;
  const auto cause = cause_of(record);
  return cause && keep_back(*cause, bytes.size(), [&] {
           return [this, held = std::string(bytes)] { handle(held, now_); };
         });
}

void Recorder::handle_statement(const StatementView& view) {
  take(call_of(view, settings_.sanitizes_sql), StreamPeer());
}

template <typename Call>
bool Recorder::keep_call_back(const Call& call, const Origin& origin, const StreamPeer& peer) {
  const Collectors::Cause cause =
      cause_of(pid_, context_of(origin, 0), origin.parent_span_id, is_linked(origin));
  // About: the texts are short.
  return keep_back(cause, sizeof call + kCallBytesAssumed,
                   [&] { return [this, call, peer] { take(call, peer); }; });
}

void Recorder::take(const DatabaseCall& call, const StreamPeer& peer) {
  if (keep_call_back(call, call.origin, peer)) return;
  Context context = context_of(call.origin, call.number);
  context.flags = roots_.flags_of(call.origin);
  Span& span = batches_.add_span(now_);
  spans_.build_database(call, peer, span, batches_.span_arena());
  span.flags = context.flags;
  if (!exporters_.metrics.empty()) database_metrics_.record(span, now_);
  batches_.keep_span(context);
}

// Before what the program prints of it, and before so many records of that that one of the
// connection's is lost.
void Recorder::begins(const WebCall& call, const StreamPeer& peer) {
  if (!peer.is_client) return;
  if (collectors_.is_export(call.method, call.path, call.user_agent)) note_collector();
  note_served(call);
}

void Recorder::note_served(const WebCall& call) {
  if (!collectors_.is_needed(pid_, now_)) return;
  collectors_.served({pid_, trace_id_of(context_of(origin_of(call, settings_), 0))},
                     collectors_.is_telemetry(call.method, call.path), now_);
}

void Recorder::take(const WebCall& call, const StreamPeer& peer) {
  Origin origin = origin_of(call, settings_);
  if (collectors_.is_export(call.method, call.path, call.user_agent)) {
    if (!peer.is_client) collectors_.leave_out();  // a proxy passes it on
    return;
  }
  if (!peer.is_client && keep_call_back(call, origin, peer)) return;
  origin.flags = roots_.flags_of(origin);
  if (call.is_grpc()) {
    Span& span = batches_.add_span(now_);
    spans_.build_grpc(call, origin, peer, span, batches_.span_arena());
    if (!exporters_.metrics.empty()) rpc_metrics_.record(span, now_);
    batches_.keep_span(context_of(origin, call.number));
    if (peer.is_client) note_served(call);
    return;
  }
  const HttpTwoExchange exchange(call, origin, peer, batches_.span_arena());
  if (peer.is_client) return handle_server(exchange.view(), now_);
  handle_client(exchange.view(), &origin, now_);
}

void Recorder::take(const MessagingCall& call, const StreamPeer& peer) {
  if (keep_call_back(call, call.origin, peer)) return;
  Context context = context_of(call.origin, call.number);
  context.flags = roots_.flags_of(call.origin);
  Span& span = batches_.add_span(now_);
  spans_.build_messaging(call, peer, span, batches_.span_arena());
  span.flags = context.flags;
  if (!exporters_.metrics.empty()) messaging_metrics_.record(call, span, now_);
  batches_.keep_span(context);
}

}  // namespace kolben::agent
