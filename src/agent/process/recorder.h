// Recorder: records of the ring in, batches to the exporters out. Here the three signals come
// together: spans of exchanges and of the application, request metrics and the application's
// instruments, log records of lines and calls.
//
// One thread (the one that reads the ring); time comes in with each call. Bytes of records are a
// stranger's: damaged records are counted and skipped.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/collectors.h"
#include "agent/process/commands.h"
#include "agent/process/console_exporter.h"
#include "agent/process/database_metrics.h"
#include "agent/process/exporter.h"
#include "agent/process/held_logs.h"
#include "agent/process/http_attributes.h"
#include "agent/process/http_metrics.h"
#include "agent/process/left_exchanges.h"
#include "agent/process/line_assembler.h"
#include "agent/process/messaging_metrics.h"
#include "agent/process/metric_readers.h"
#include "agent/process/open_batches.h"
#include "agent/process/records.h"
#include "agent/process/resources.h"
#include "agent/process/root_sampling.h"
#include "agent/process/rpc_metrics.h"
#include "agent/process/settings.h"
#include "agent/process/span_builder.h"
#include "agent/process/streams.h"
#include "agent/process/told_lines.h"

namespace kolben::agent {

class Recorder : private Streams::Sink {
 public:
  // All outlive the recorder. `output` is told what the program printed last.
  Recorder(const Settings& settings, Exporters exporters, SharedOutput& output, std::uint64_t now);

  // One record, with its header.
  void handle(std::string_view record, std::uint64_t now);
  // An exchange that was open when its process ended. Nothing where its record came after all: the
  // process was killed before it could take the exchange out of the open table. `forked`: when the
  // process made its last child, which may have the request, and tell of it.
  void handle_unfinished(std::string_view record, std::optional<std::uint64_t> forked,
                         std::uint64_t now);
  // Exports what is due; call it often. The number of active requests is asked for where
  // metrics_are_due().
  void tick(const std::optional<ActiveRequests>& active_requests, std::uint64_t now);
  // A program's end: what it wrote last had no newline.
  void process_ended(std::uint32_t pid);
  // Its process is gone. `wait_status` as of wait(2), where it is known.
  void process_gone(std::uint32_t pid, std::optional<int> wait_status, std::uint64_t now);
  // The processes that run, the oldest first; wanted where wants_processes() and metrics_are_due().
  void set_processes(const std::vector<std::uint32_t>& pids);
  bool wants_processes() const { return settings_.process_metrics; }
  // Exports spans and log records before their batches are due. True: and they are out.
  bool flush(std::uint64_t now);
  // Exports everything, metrics included.
  void finish(const ActiveRequests& active_requests, std::uint64_t now);

  // Where programs are told which connections are not followed; outlives the recorder.
  void set_refusals(RefusalTable* table) { streams_.set_refusals(table); }
  // Where is said what is wrong with the settings of a program that was started; outlives the
  // recorder. Null: nowhere.
  void set_messages(Messages* messages) { messages_ = messages; }
  // Whose telemetry each process has.
  const Resources& resources() const { return resources_; }

  bool metrics_are_due(std::uint64_t now) const { return metrics_.are_due(now); }

  struct Counts {
    std::uint64_t damaged = 0;     // records that disagree with themselves
    std::uint64_t output_cut = 0;  // bytes of output that the library did not keep
    std::uint64_t measurements_refused = 0;
    std::uint64_t streams_given_up = 0;  // connections in other protocols
    std::uint64_t streams_made_room = 0;
    std::uint64_t commands_dropped = 0;
    std::uint64_t resources_refused = 0;
    std::uint64_t collectors_left_out = 0;  // spans and log records
  };
  Counts counts() const;

 private:
  void set_resource(std::uint32_t number);
  void set_process(std::uint32_t pid) {
    pid_ = pid;
    set_resource(resources_.of(pid));
  }
  // Whose telemetry was handled is handled again at its end.
  class Whose {
   public:
    explicit Whose(Recorder& recorder)
        : recorder_(recorder), pid_(recorder.pid_), resource_(recorder.resource_) {}
    ~Whose() {
      recorder_.pid_ = pid_;
      recorder_.set_resource(resource_);
    }
    Whose(const Whose&) = delete;
    Whose& operator=(const Whose&) = delete;

   private:
    Recorder& recorder_;
    const std::uint32_t pid_, resource_;
  };
  void handle(const RawRecord& record, std::string_view bytes, std::uint64_t now);
  void handle_process(const RawRecord& record);
  // Uses what was parsed, or counts that it is damaged.
  template <typename View, typename Use>
  void use(const View& view, const Use& use);
  void note_collector();
  void note_served(const WebCall& call);
  bool keep_record_back(const RawRecord& record, std::string_view bytes);
  // True: not now, or not at all (collectors.h). `later` makes what tells it then.
  template <typename Later>
  bool keep_back(const Collectors::Cause& cause, std::size_t bytes, const Later& later) {
    const Collectors::Fate fate = collectors_.fate_of(cause, now_);
    if (fate == Collectors::Fate::kTold) return false;
    if (fate == Collectors::Fate::kLeftOut) {
      collectors_.leave_out();
      return true;
    }
    collectors_.hold(cause, bytes, now_,
                     [this, pid = pid_, resource = resource_, tell = later()]() mutable {
                       const Whose before(*this);
                       pid_ = pid;
                       set_resource(resource);
                       tell();
                     });
    return true;
  }
  template <typename Call>
  bool keep_call_back(const Call& call, const Origin& origin, const StreamPeer& peer);
  void handle_start(std::uint32_t pid, const ProcessStartView& view);
  void take_command(const EndedCommand& command);
  void note_recent(const ExchangeView& view);
  bool is_recent(SpanId id) const;
  void keep_left(std::string_view record, std::string_view payload, std::uint64_t now);
  void tell_left(std::uint64_t now, bool all);
  void handle_server(const ExchangeView& view, std::uint64_t now);
  void tell_server(const HttpExchange& exchange, std::uint64_t now);
  // `origin`: of a call of HTTP/2, which may have a link.
  void handle_client(const ExchangeView& view, const Origin* origin, std::uint64_t now);
  void begins(const WebCall& call, const StreamPeer& peer) override;
  void take(const DatabaseCall& call, const StreamPeer& peer) override;
  void take(const WebCall& call, const StreamPeer& peer) override;
  void take(const MessagingCall& call, const StreamPeer& peer) override;
  void handle_statement(const StatementView& view);
  void handle_span(const SpanView& view, std::uint64_t now);
  void handle_measurement(const MeasurementView& view, std::uint64_t now);
  void handle_output(const RecordHeader& header, const OutputView& view, std::uint64_t now);
  void handle_log(const RecordHeader& header, const LogView& view, std::string_view payload);
  void handle_command(const CommandView& view);
  void add_line(const Line& line);
  void write_line(const Line& line, std::string_view text);
  void write_log(const LogView& view);

  void export_metrics(MetricReaders::Which which, const ActiveRequests& active_requests,
                      std::uint64_t now);

  const Settings& settings_;
  const Exporters exporters_;
  SharedOutput& output_;
  Messages* messages_ = nullptr;
  Resources resources_;
  std::uint32_t resource_ = 0;  // whose telemetry is handled now
  OpenBatches batches_;
  SpanBuilder spans_;
  MetricReaders metrics_;
  HttpMetrics http_metrics_;
  DatabaseMetrics database_metrics_;
  RpcMetrics rpc_metrics_;
  MessagingMetrics messaging_metrics_;
  std::vector<std::vector<std::uint32_t>> processes_;  // by resource
  LineAssembler lines_;
  ToldLines told_lines_;
  HeldLogs held_logs_;
  RootSampling roots_;
  Streams streams_;
  Commands commands_;
  std::uint64_t now_ = 0;  // of the call that is running, for lines and calls
  std::uint32_t pid_ = 0;  // whose record that is
  Collectors collectors_;
  std::uint32_t collectors_said_ = 0;
  // Of the exchanges that came last. More than all processes record between two looks at the ring.
  std::array<SpanId, 4096> recent_spans_ = {};
  std::uint32_t recent_next_ = 0;
  LeftExchanges left_;
  Counts counts_;
};

}  // namespace kolben::agent
