#include "agent/process/network_exporter.h"

#include <algorithm>
#include <utility>

#include "otlp/encode.h"
#include "otlp/json.h"
#include "zipkin/translate.h"

namespace kolben::agent {
namespace {

// The last try before the time is up is a try.
constexpr std::chrono::milliseconds kShortestTry{1};

std::string code_name(const Status& status) {
  return "StatusCode." + std::string(to_string(status.code()));
}

// "1s", "0.5s".
std::string seconds_text(std::chrono::nanoseconds delay) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(delay).count();
  std::string text = std::to_string(millis / 1000);
  if (millis % 1000 != 0) text += "." + std::to_string(millis % 1000 / 100);
  return text + "s";
}

void encode(ExporterKind kind, const Batch& batch, std::string& message) {
  if (kind == ExporterKind::kZipkinJson) {
    message = zipkin::translate(batch.traces(), kUnknownService);
  } else if (kind == ExporterKind::kZipkinProtobuf) {
    message = zipkin::translate_to_protobuf(batch.traces(), kUnknownService);
  } else if (kind == ExporterKind::kOtlpHttpJson) {
    otlp::encode_json(batch, message);
  } else {
    otlp::encode(batch, message);
  }
}

}  // namespace

NetworkExporter::NetworkExporter(NetworkExporterSettings settings,
                                 std::unique_ptr<Transport> transport, Messages& messages)
    : settings_(std::move(settings)), transport_(std::move(transport)), messages_(messages) {}

NetworkExporter::~NetworkExporter() {
  shutdown(std::chrono::steady_clock::now());
}

void NetworkExporter::export_batch(const Batch& batch) {
  if (batch.empty()) return;
  Payload payload;
  payload.items = batch.items();
  payload.message.reserve(message_bytes_);  // about as long as the last one
  encode(settings_.kind, batch, payload.message);
  message_bytes_ = payload.message.size() + payload.message.size() / 8;
  MutexLock lock(mutex_);
  if (queue_items_ + payload.items > settings_.queue_items_max ||
      queue_bytes_ + payload.message.size() > kQueueBytesMax) {
    return count_lost(payload.items);
  }
  queue_items_ += payload.items;
  if (is_failing_) settings_.outages->waiting(collector(), settings_.signal, queue_items_);
  queue_bytes_ += payload.message.size();
  queue_.push_back(std::move(payload));
  changed_.notify_one();
  if (!has_thread_) {
    has_thread_ = true;
    thread_ = Thread("kolben-" + std::string(to_string(settings_.signal)), [this] { run(); });
  }
}

void NetworkExporter::begin_shutdown(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  if (!is_stopping_) deadline_ = deadline;
  is_stopping_ = true;
  if (transport_) transport_->end_at(deadline_);
  changed_.notify_all();
}

void NetworkExporter::shutdown(std::chrono::steady_clock::time_point deadline) {
  begin_shutdown(deadline);
  thread_.join();
}

Loss NetworkExporter::loss() {
  MutexLock lock(mutex_);
  return {.signal = settings_.signal,
          .items = dropped_items_,
          .endpoint = settings_.endpoint,
          .why = last_failure_,
          .advice = advice(last_failure_).text};
}

void NetworkExporter::run() {
  while (true) {
    Payload payload;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !is_stopping_) changed_.wait(mutex_);
      if (queue_.empty()) break;
      payload = std::move(queue_.front());
      queue_.pop_front();
    }
    send_with_retries(payload);
    // Until here it counts as queued: the bound is on what waits for its answer.
    MutexLock lock(mutex_);
    queue_items_ -= payload.items;
    queue_bytes_ -= payload.message.size();
  }
  std::unique_ptr<Transport> done;  // connections end with their thread
  {
    MutexLock lock(mutex_);
    done = std::move(transport_);
  }
}

void NetworkExporter::send_with_retries(Payload& payload) {
  auto give_up = std::chrono::steady_clock::time_point::max();
  if (settings_.export_timeout.count() > 0) {
    give_up = std::chrono::steady_clock::now() + settings_.export_timeout;
  }
  for (int retry = 0;; ++retry) {
    const bool was_stopping = is_stopping();
    // The peer is away and the program has ended: no hope for the rest either.
    if (was_stopping && last_failure_.is_retryable()) return drop(payload, payload.items);
    const Status status = try_once(payload, give_up);
    if (status.is_ok()) return note_success();
    note_failure();
    if (!status.is_retryable()) {
      say_failed(status);
      return drop(payload, payload.items);
    }
    if (was_stopping || is_over()) return drop(payload, payload.items);
    std::chrono::nanoseconds delay = settings_.backoff_unit * (1 << std::min(retry, kRetriesMax));
    if (const auto asked = status.retry_after(); asked && asked->count() > 0) {
      delay = std::clamp<std::chrono::nanoseconds>(*asked, std::chrono::milliseconds(1),
                                                   settings_.backoff_unit * (1 << kRetriesMax));
    }
    if (retry >= kRetriesMax || std::chrono::steady_clock::now() + delay >= give_up) {
      say_failed(status);
      return drop(payload, payload.items);
    }
    say_transient(status, delay);
    if (!wait(delay)) last_failure_ = Status();  // the last try is a new one
  }
}

Status NetworkExporter::try_once(Payload& payload, std::chrono::steady_clock::time_point give_up) {
  try_begun_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds timeout = std::min<std::chrono::nanoseconds>(
      settings_.timeout, std::max<std::chrono::nanoseconds>(give_up - try_begun_, kShortestTry));
  {
    MutexLock lock(mutex_);
    if (is_stopping_) {
      const std::chrono::nanoseconds left = deadline_ - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) {
        return last_failure_ = deadline_exceeded("the program has ended");
      }
      timeout = std::min(timeout, left);
    }
  }
  auto result = transport_->send(payload.message, timeout);
  last_failure_ = settings_.secrets.hidden(result.status());
  if (result.has_value() && result->rejected > 0) {
    drop(payload, std::min(payload.items, static_cast<std::uint64_t>(result->rejected)));
    messages_.say("kolben agent: " + settings_.endpoint + " rejected " +
                  std::to_string(result->rejected) + " " +
                  std::string(items_name(settings_.signal)) + ": " +
                  settings_.secrets.hidden(result->error_message));
  }
  return last_failure_;
}

// The scenario's words; not where to wait will not help.
void NetworkExporter::say_transient(const Status& status, std::chrono::nanoseconds delay) {
  const Advice help = advice(status);
  if (!help.is_wrong_peer) {
    messages_.warn("Transient error " + code_name(status) + " encountered while exporting " +
                   std::string(to_string(settings_.signal)) + " to " + settings_.endpoint +
                   ", retrying in " + seconds_text(delay) + ".");
  }
  say_cause(status, help);
}

// What took something before speaks what we speak.
Advice NetworkExporter::advice(const Status& status) const {
  Advice help = export_advice(settings_.kind, settings_.uses_tls, settings_.endpoint, status);
  return help.is_wrong_peer && has_arrived_ ? Advice() : help;
}

std::string_view NetworkExporter::collector() const {
  const std::string& address = settings_.address.empty() ? settings_.endpoint : settings_.address;
  return collector_of(address, settings_.signal);
}

std::string_view NetworkExporter::collectors_name() const {
  return collector_of(settings_.endpoint, settings_.signal);
}

// For the collector, whatever the signal.
bool NetworkExporter::is_new_cause(const Status& status, const Advice& help) {
  const std::string what = help.text.empty() ? code_name(status) : help.text;
  return settings_.causes->is_new(std::string(collector()) + " " + what);
}

void NetworkExporter::say_cause(const Status& status, const Advice& help) {
  if (!is_new_cause(status, help)) return;
  messages_.warn("kolben agent: the error of " + std::string(collectors_name()) + " is: " +
                 std::string(status.message()) + (help.text.empty() ? "" : "; " + help.text));
}

// What is not tried again fails with each batch in the same way: said once, and counted at the end.
// Another signal's may have its own reason, or its own endpoint; a wrong port is one for all.
void NetworkExporter::say_failed(const Status& status) {
  const Advice help = advice(status);
  const bool is_new = is_new_cause(status, help);
  const bool is_own = status.is_retryable() || failures_.is_new(status.to_string());
  if (!(help.is_wrong_peer ? is_new : is_own)) return;
  messages_.say("Failed to export " + std::string(to_string(settings_.signal)) + " to " +
                settings_.endpoint + ", error code: " + code_name(status) + ": " +
                std::string(status.message()) + (help.text.empty() ? "" : "; " + help.text));
}

void NetworkExporter::note_failure() {
  MutexLock lock(mutex_);
  is_failing_ = true;
  settings_.outages->failed(collector(), settings_.signal, try_begun_,
                            std::chrono::steady_clock::now());
  settings_.outages->waiting(collector(), settings_.signal, queue_items_);
}

void NetworkExporter::note_success() {
  has_arrived_ = true;
  std::string said;
  {
    MutexLock lock(mutex_);
    if (is_failing_) settings_.outages->waiting(collector(), settings_.signal, queue_items_);
    is_failing_ = false;
    said = settings_.outages->arrived(collector(), collectors_name(), settings_.signal,
                                      std::chrono::steady_clock::now());
  }
  if (!said.empty()) messages_.warn(said);
}

// False when the program ended meanwhile.
bool NetworkExporter::wait(std::chrono::nanoseconds delay) {
  const auto until = std::chrono::steady_clock::now() + delay;
  MutexLock lock(mutex_);
  while (!is_stopping_) {
    const std::chrono::nanoseconds left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return true;
    changed_.wait_for(mutex_, left);
  }
  return false;
}

// No time is left for another try.
bool NetworkExporter::is_over() {
  MutexLock lock(mutex_);
  return is_stopping_ && std::chrono::steady_clock::now() >= deadline_;
}

bool NetworkExporter::is_stopping() {
  MutexLock lock(mutex_);
  return is_stopping_;
}

// So many of its items, which do not wait any more.
void NetworkExporter::drop(Payload& payload, std::uint64_t items) {
  MutexLock lock(mutex_);
  payload.items -= items;
  queue_items_ -= items;
  if (is_failing_) settings_.outages->waiting(collector(), settings_.signal, queue_items_);
  count_lost(items);
}

void NetworkExporter::count_lost(std::uint64_t items) {
  dropped_items_ += items;
  if (is_failing_) settings_.outages->lost(collector(), settings_.signal, items);
}

}  // namespace kolben::agent
