// NetworkExporter: encodes batches of one signal, as OTLP or in Zipkin's formats, and sends them,
// with retries, in order.
//
// A transient error is told with the words of opentelemetry-python 1.27 and tried again after 1, 2,
// 4 ... seconds; after the last delay, or the time for an export, the batch is given up. Meanwhile
// later batches wait in a queue; what does not fit is dropped and counted. Why, and what may help,
// is said once in a line of its own, for those words name no cause; where it is a mistake in the
// settings, that line is all. The end of such a time is said once, too (outages.h). What is not
// tried again is said once for each signal and error.
//
// Threads: one that sends, begun with the first batch. The program's end interrupts a delay: each
// batch is then tried once more, until the deadline.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "agent/process/export_advice.h"
#include "agent/process/exporter.h"
#include "agent/process/losses.h"
#include "agent/process/outages.h"
#include "agent/process/secrets.h"
#include "agent/process/settings.h"
#include "agent/process/transport.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace kolben::agent {

struct NetworkExporterSettings {
  Signal signal = Signal::kTraces;
  ExporterKind kind = ExporterKind::kOtlpGrpc;
  std::string endpoint;                                         // as messages name it
  std::string address = {};                                     // the real one; empty: that
  Secrets secrets = {};                                         // not in messages
  bool uses_tls = false;                                        // the endpoint asks for it
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);  // of a try
  std::chrono::nanoseconds export_timeout = {};                 // of all tries; 0: none
  std::uint64_t queue_items_max = 16 * 1024;
  // The unit of the delays 1, 2, 4, ...; tests make it short.
  std::chrono::nanoseconds backoff_unit = std::chrono::seconds(1);
  // The causes that exporters of other signals have said.
  std::shared_ptr<SaidOnce> causes = std::make_shared<SaidOnce>();
  std::shared_ptr<Outages> outages = std::make_shared<Outages>();
};

class NetworkExporter final : public Exporter {
 public:
  // Delays of 1, 2, 4, 8, 16, 32 units, then the batch is given up (Python's _MAX_RETRY_TIMEOUT).
  static constexpr int kRetriesMax = 6;
  // Against batches of few but huge items.
  static constexpr std::size_t kQueueBytesMax = 12 << 20;

  NetworkExporter(NetworkExporterSettings settings, std::unique_ptr<Transport> transport,
                  Messages& messages);
  ~NetworkExporter() override;

  void export_batch(const Batch& batch) override;
  // shutdown() is to come: what waits is tried once more now, beside that of other exporters.
  void begin_shutdown(std::chrono::steady_clock::time_point deadline);
  void shutdown(std::chrono::steady_clock::time_point deadline) override;
  // What could not be sent; after the shutdown.
  Loss loss();

 private:
  struct Payload {
    std::string message;
    std::uint64_t items = 0;
  };

  void run();
  void send_with_retries(Payload& payload);
  Status try_once(Payload& payload, std::chrono::steady_clock::time_point give_up);
  void say_transient(const Status& status, std::chrono::nanoseconds delay);
  void say_failed(const Status& status);
  void say_cause(const Status& status, const Advice& help);
  bool is_new_cause(const Status& status, const Advice& help);
  std::string_view collector() const;
  std::string_view collectors_name() const;
  Advice advice(const Status& status) const;
  void note_failure();
  void note_success();
  bool wait(std::chrono::nanoseconds delay);
  bool is_stopping();
  bool is_over();
  void drop(Payload& payload, std::uint64_t items);
  void count_lost(std::uint64_t items) KOLBEN_REQUIRES(mutex_);

  const NetworkExporterSettings settings_;
  // The sending thread's, which alone changes it, with the lock.
  std::unique_ptr<Transport> transport_;
  Messages& messages_;
  Status last_failure_;                              // the sending thread's
  std::chrono::steady_clock::time_point try_begun_;  // the sending thread's
  SaidOnce failures_;                                // those that are not tried again
  bool has_arrived_ = false;                         // something; the sending thread's
  std::size_t message_bytes_ = 0;                    // the reading thread's

  Mutex mutex_;
  CondVar changed_;
  std::deque<Payload> queue_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t queue_items_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::size_t queue_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_items_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_failing_ KOLBEN_GUARDED_BY(mutex_) = false;  // the last try did not arrive
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point deadline_ KOLBEN_GUARDED_BY(mutex_);
  bool has_thread_ = false;
  Thread thread_;
};

}  // namespace kolben::agent
