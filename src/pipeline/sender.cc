#include "pipeline/sender.h"

#include <algorithm>
#include <utility>

#include "pipeline/log.h"
#include "pipeline/sender_core.h"

namespace kolben::pipeline {
namespace {

// Without a queue nothing else bounds what waits for the peer's answers.
constexpr std::uint64_t kUnqueuedRequestsMax = 1000;
// How long a sender is asked to wait when the queue is full: an attempt's usual length.
constexpr auto kOverflowDelay = std::chrono::seconds(1);
// Timers are looked at this often, so that a clock that jumps (or a test that owns it) is noticed.
constexpr auto kTimerSlice = std::chrono::milliseconds(20);
// A peer that is down fails each request; one line for so long is enough.
constexpr std::uint64_t kLogEveryNanos = 10'000'000'000;

QueueSettings effective(QueueSettings settings) {
  if (settings.enabled) return settings;
  settings.queue_size = kUnqueuedRequestsMax;
  settings.num_consumers = kUnqueuedRequestsMax;
  settings.sizer = Sizer::kRequests;
  settings.wait_for_result = true;
  settings.batch.reset();
  return settings;
}

std::size_t index_of(Signal signal) {
  return static_cast<std::size_t>(signal) - 1;
}

void resolve_all(std::vector<Receipt>& receipts) {
  for (Receipt& receipt : receipts) receipt.resolve(Status::ok());
  receipts.clear();
}

}  // namespace

SendCounters SendCounters::make(TelemetryRegistry& registry, const std::string& exporter_id) {
  SendCounters counters;
  const Labels labels = {{"exporter", exporter_id}};
  for (const Signal signal : kAllSignals) {
    const std::string items(items_name(signal));
    const std::size_t i = index_of(signal);
    counters.sent[i] =
        &registry.counter("otelcol_exporter_sent_" + items, "Sent to the destination.", labels);
    counters.send_failed[i] = &registry.counter("otelcol_exporter_send_failed_" + items,
                                                "Given up: could not be sent.", labels);
    counters.enqueue_failed[i] = &registry.counter("otelcol_exporter_enqueue_failed_" + items,
                                                   "Refused: the sending queue is full.", labels);
  }
  return counters;
}

Sender::Sender(std::string exporter_id, const QueueSettings& queue, const RetrySettings& retry,
               Send send)
    : core_(std::make_shared<Core>(std::move(exporter_id), queue, retry, std::move(send))) {}

Sender::~Sender() {
  core_->stop(std::chrono::steady_clock::now());
}

void Sender::start(Host& host) {
  core_->start(host);
}
Status Sender::consume(Delivery&& delivery) {
  return core_->consume(std::move(delivery));
}
void Sender::stop(Deadline deadline) {
  core_->stop(deadline);
}

Sender::Core::Core(std::string exporter_id, const QueueSettings& queue, const RetrySettings& retry,
                   Send send)
    : exporter_id_(std::move(exporter_id)),
      settings_(effective(queue)),
      send_(std::move(send)),
      queue_(settings_),
      policy_(retry, Random::from_system()) {}

void Sender::Core::start(Host& host) {
  clock_ = &host.clock();
  registry_ = &host.telemetry();
  counters_ = SendCounters::make(*registry_, exporter_id_);
  const Labels labels = {{"exporter", exporter_id_}};
  gauges_.push_back(registry_->add_gauge("otelcol_exporter_queue_size",
                                         "What the sending queue holds now.", labels, [this] {
                                           MutexLock lock(mutex_);
                                           return static_cast<double>(queue_.size());
                                         }));
  gauges_.push_back(registry_->add_gauge(
      "otelcol_exporter_queue_capacity", "What the sending queue may hold.", labels,
      [capacity = static_cast<double>(settings_.queue_size)] { return capacity; }));
  gauges_.push_back(registry_->add_gauge("otelcol_exporter_in_flight_requests",
                                         "Requests that are being sent or wait for a retry.",
                                         labels, [this] {
                                           MutexLock lock(mutex_);
                                           return static_cast<double>(in_flight_);
                                         }));
  {
    MutexLock lock(mutex_);
    is_accepting_ = true;
  }
  thread_ = Thread("send:" + exporter_id_, [this] { run(); });
}

Status Sender::Core::consume(Delivery&& delivery) {
  const Signal signal = delivery.batch.signal();
  const std::uint64_t items = delivery.batch.items();
  if (items == 0) {
    delivery.receipt.resolve(Status::ok());
    return Status::ok();
  }
  std::vector<Receipt> accepted;
  {
    MutexLock lock(mutex_);
    if (!is_accepting_) return unavailable("exporter " + exporter_id_ + " is not running");
    if (!queue_.push(delivery, clock_->steady_nanos(), accepted)) {
      counters_.enqueue_failed[index_of(signal)]->add(items);
      Status full = resource_exhausted("exporter " + exporter_id_ + ": sending queue is full")
                        .with_retry_after(kOverflowDelay);
      log_failure(full, "refusing data");
      return full;
    }
    changed_.notify_one();
  }
  resolve_all(accepted);
  return Status::ok();
}

void Sender::Core::run() {
  while (true) {
    std::vector<Receipt> accepted;
    RequestPtr request;
    {
      MutexLock lock(mutex_);
      while (!must_end_ && !is_drained() && (request = next(accepted)) == nullptr) {
        changed_.wait_for(mutex_, time_to_wait());
      }
      if (must_end_ || is_drained()) return;
    }
    resolve_all(accepted);
    begin(request);
  }
}

Sender::Core::RequestPtr Sender::Core::next(std::vector<Receipt>& accepted) {
  const std::uint64_t now = clock_->steady_nanos();
  if (RequestPtr retry = take_due_retry(now)) return retry;
  if (in_flight_ >= settings_.num_consumers) return nullptr;
  // A queue that is being emptied waits for no batch to fill.
  if (!queue_.is_ready(now) && !(is_stopping_ && !queue_.empty())) return nullptr;
  ++in_flight_;
  auto request = std::make_shared<Request>(queue_.pop(accepted));
  request->attempts.first_steady_nanos = now;
  return request;
}

Sender::Core::RequestPtr Sender::Core::take_due_retry(std::uint64_t now) {
  const bool is_last_attempt = is_stopping_;
  const auto due = std::find_if(retries_.begin(), retries_.end(), [&](const RequestPtr& one) {
    return is_last_attempt || one->due_steady_nanos <= now;
  });
  if (due == retries_.end()) return nullptr;
  RequestPtr request = std::move(*due);
  retries_.erase(due);
  return request;
}

std::chrono::nanoseconds Sender::Core::time_to_wait() const {
  // Nothing but notifications matters while there is no timer.
  constexpr auto kIdle = std::chrono::hours(1);
  const bool has_timer = !retries_.empty() || (settings_.batch && !queue_.empty());
  return has_timer ? std::chrono::nanoseconds(kTimerSlice) : std::chrono::nanoseconds(kIdle);
}

bool Sender::Core::is_drained() const {
  return is_stopping_ && queue_.empty() && in_flight_ == 0;
}

void Sender::Core::begin(const RequestPtr& request) {
  send_(request->delivery.batch, [self = shared_from_this(), request](Status status) {
    self->on_done(request, std::move(status));
  });
}

void Sender::Core::on_done(const RequestPtr& request, Status status) {
  {
    MutexLock lock(mutex_);
    if (!status.is_ok() && !is_stopping_) {
      const std::uint64_t now = clock_->steady_nanos();
      if (const auto delay = policy_.next_delay(status, request->attempts, now)) {
        log_failure(status, "sending failed, trying again");
        request->due_steady_nanos = now + static_cast<std::uint64_t>(delay->count());
        retries_.push_back(request);
        changed_.notify_one();
        return;
      }
    }
    if (!status.is_ok()) log_failure(status, "sending failed, data is dropped");
    // After the deadline this is a straggler: abandon() has not counted it.
    --in_flight_;
    changed_.notify_all();
  }
  finish(*request, std::move(status));
}

void Sender::Core::finish(Request& request, Status status) {
  const Batch& batch = request.delivery.batch;
  const std::size_t i = index_of(batch.signal());
  (status.is_ok() ? counters_.sent : counters_.send_failed)[i]->add(batch.items());
  request.delivery.receipt.resolve(std::move(status));
}

void Sender::Core::stop(Deadline deadline) {
  {
    MutexLock lock(mutex_);
    is_accepting_ = false;
    is_stopping_ = true;
    changed_.notify_all();
    while (!is_drained() && registry_ != nullptr) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) break;
      changed_.wait_for(mutex_, left);
    }
    must_end_ = true;
    changed_.notify_all();
  }
  thread_.join();
  abandon();
  if (registry_ == nullptr) return;
  for (const TelemetryRegistry::GaugeId id : std::exchange(gauges_, {})) {
    registry_->remove_gauge(id);
  }
}

void Sender::Core::abandon() {
  std::vector<Receipt> accepted;
  std::vector<RequestPtr> left;
  {
    MutexLock lock(mutex_);
    left = std::exchange(retries_, {});
    in_flight_ -= left.size();
    while (!queue_.empty()) left.push_back(std::make_shared<Request>(queue_.pop(accepted)));
  }
  // Those that waited for room never had it; the rest of their way is the same.
  for (Receipt& receipt : accepted) {
    receipt.resolve(unavailable("exporter " + exporter_id_ + " stopped"));
  }
  for (const RequestPtr& request : left) {
    finish(*request,
           unavailable("exporter " + exporter_id_ + " stopped before the data could be sent"));
  }
}

void Sender::Core::log_failure(const Status& status, std::string_view what) {
  const std::uint64_t now = clock_->steady_nanos();
  if (last_log_steady_nanos_ != 0 && now - last_log_steady_nanos_ < kLogEveryNanos) {
    ++failures_not_logged_;
    return;
  }
  last_log_steady_nanos_ = now;
  const std::uint64_t skipped = std::exchange(failures_not_logged_, 0);
  if (skipped == 0) {
    log::warn(exporter_id_, what, {{"error", status.to_string()}});
  } else {
    log::warn(exporter_id_, what,
              {{"error", status.to_string()}, {"more_like_it", std::to_string(skipped)}});
  }
}

}  // namespace kolben::pipeline
