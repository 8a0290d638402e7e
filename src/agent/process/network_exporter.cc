#include "agent/process/otlp_exporter.h"

#include <algorithm>
#include <utility>

#include "otlp/encode.h"
#include "otlp/json.h"

namespace kolben::agent {
namespace {

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

}  // namespace

OtlpExporter::OtlpExporter(OtlpExporterSettings settings, std::unique_ptr<OtlpTransport> transport,
                           Messages& messages)
    : settings_(std::move(settings)), transport_(std::move(transport)), messages_(messages) {}

OtlpExporter::~OtlpExporter() {
  stop(std::chrono::steady_clock::now());
}

void OtlpExporter::export_batch(const Batch& batch) {
  if (batch.empty()) return;
  Payload payload;
  payload.items = batch.items();
  payload.message.reserve(message_bytes_);  // about as long as the last one
  if (settings_.as_json) {
    otlp::encode_json(batch, payload.message);
  } else {
    otlp::encode(batch, payload.message);
  }
  message_bytes_ = payload.message.size() + payload.message.size() / 8;
  MutexLock lock(mutex_);
  if (queue_items_ + payload.items > settings_.queue_items_max ||
      queue_bytes_ + payload.message.size() > kQueueBytesMax) {
    dropped_items_ += payload.items;
    return;
  }
  queue_items_ += payload.items;
  queue_bytes_ += payload.message.size();
  queue_.push_back(std::move(payload));
  changed_.notify_one();
  if (!has_thread_) {
    has_thread_ = true;
    thread_ = Thread("kolben-" + std::string(to_string(settings_.signal)), [this] { run(); });
  }
}

void OtlpExporter::shutdown(std::chrono::steady_clock::time_point deadline) {
  stop(deadline);
}

OtlpLoss OtlpExporter::loss() {
  MutexLock lock(mutex_);
  return {.signal = settings_.signal,
          .items = dropped_items_,
          .endpoint = settings_.endpoint,
          .why = last_failure_};
}

void OtlpExporter::stop(std::chrono::steady_clock::time_point deadline) {
  {
    MutexLock lock(mutex_);
    if (!is_stopping_) deadline_ = deadline;
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void OtlpExporter::run() {
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
  transport_.reset();  // connections end with their thread
}

void OtlpExporter::send_with_retries(const Payload& payload) {
  for (int retry = 0;; ++retry) {
    const bool was_stopping = is_stopping();
    // The peer is away and the program has ended: no hope for the rest either.
    if (was_stopping && last_failure_.is_retryable()) return drop(payload.items);
    const Status status = try_once(payload);
    if (status.is_ok()) return;
    if (!status.is_retryable()) {
      say_failed(status);
      return drop(payload.items);
    }
    if (was_stopping) return drop(payload.items);
    if (retry >= kRetriesMax) {
      say_failed(status);
      return drop(payload.items);
    }
    std::chrono::nanoseconds delay = settings_.backoff_unit * (1 << retry);
    if (const auto asked = status.retry_after()) {
      delay = std::clamp<std::chrono::nanoseconds>(*asked, std::chrono::milliseconds(1),
                                                   settings_.backoff_unit * (1 << kRetriesMax));
    }
    say_transient(status, delay);
    if (!wait(delay)) last_failure_ = Status();  // the last try is a new one
  }
}

Status OtlpExporter::try_once(const Payload& payload) {
  std::chrono::nanoseconds timeout = settings_.timeout;
  {
    MutexLock lock(mutex_);
    if (is_stopping_) {
      const std::chrono::nanoseconds left = deadline_ - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) {
        return deadline_exceeded("the program has ended");
      }
      timeout = std::min(timeout, left);
    }
  }
  auto result = transport_->send(payload.message, timeout);
  last_failure_ = result.status();
  if (result.has_value() && result->rejected > 0) {
    drop(static_cast<std::uint64_t>(result->rejected));
    messages_.say("kolben agent: " + settings_.endpoint + " rejected " +
                  std::to_string(result->rejected) + " " +
                  std::string(items_name(settings_.signal)) + ": " + result->error_message);
  }
  return last_failure_;
}

// The scenario's words.
void OtlpExporter::say_transient(const Status& status, std::chrono::nanoseconds delay) {
  messages_.say("Transient error " + code_name(status) + " encountered while exporting " +
                std::string(to_string(settings_.signal)) + " to " + settings_.endpoint +
                ", retrying in " + seconds_text(delay) + ".");
}

void OtlpExporter::say_failed(const Status& status) {
  messages_.say("Failed to export " + std::string(to_string(settings_.signal)) + " to " +
                settings_.endpoint + ", error code: " + code_name(status) + ": " +
                std::string(status.message()));
}

// False when the program ended meanwhile.
bool OtlpExporter::wait(std::chrono::nanoseconds delay) {
  const auto until = std::chrono::steady_clock::now() + delay;
  MutexLock lock(mutex_);
  while (!is_stopping_) {
    const std::chrono::nanoseconds left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return true;
    changed_.wait_for(mutex_, left);
  }
  return false;
}

bool OtlpExporter::is_stopping() {
  MutexLock lock(mutex_);
  return is_stopping_;
}

void OtlpExporter::drop(std::uint64_t items) {
  MutexLock lock(mutex_);
  dropped_items_ += items;
}

}  // namespace kolben::agent
