#include "app/store/importer.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

namespace kolben::app {
namespace {

using namespace std::chrono_literals;

// What is on its way at once: enough for a few group commits.
constexpr std::uint64_t kFlyingBytesMax = 16 << 20;
constexpr auto kFirstPause = 20ms;
constexpr auto kLastPause = 1s;
// Shorter refusals are the store's pace and nobody's concern.
constexpr auto kMoment = 1s;

Patience::Nanos now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::uint64_t bytes_of(const Batch& batch) {
  std::uint64_t bytes = 0;
  for (const WirePiece& piece : batch.pieces()) bytes += piece.message.size();
  return bytes;
}

}  // namespace

std::optional<Patience::Nanos> Patience::next_pause(Nanos now) {
  if (!since_) {
    since_ = now;
    pause_ = kFirstPause;
  } else {
    pause_ = std::min<Nanos>(2 * pause_, kLastPause);
  }
  const Nanos left = *since_ + time_max_ - now;
  if (left <= Nanos(0)) return std::nullopt;
  return std::min(pause_, left);
}

Status Importer::add(Batch batch) {
  auto flight = std::make_shared<Flight>(std::move(batch));
  KOLBEN_RETURN_IF_ERROR(send(flight));
  bytes_ += bytes_of(flight->batch);
  flights_.push_back(std::move(flight));
  while (bytes_ > kFlyingBytesMax) KOLBEN_RETURN_IF_ERROR(settle_oldest());
  return Status::ok();
}

Status Importer::finish() {
  Status first;
  while (!flights_.empty()) {
    if (Status settled = settle_oldest(); !settled && first.is_ok()) first = std::move(settled);
  }
  return first;
}

// What the disk refuses later the store has taken: so it gets a copy, which shares the bytes.
Status Importer::send(const std::shared_ptr<Flight>& flight) {
  while (true) {
    const Status taken = write_(flight->batch.clone(), [this, flight](Status outcome) {
      const std::lock_guard lock(mutex_);
      flight->outcome = std::move(outcome);
      landed_.notify_all();
    });
    if (taken.is_ok()) return taken;
    KOLBEN_RETURN_IF_ERROR(wait(taken));
  }
}

Status Importer::landing_of(Flight& flight) {
  std::unique_lock lock(mutex_);
  landed_.wait(lock, [&] { return flight.outcome.has_value(); });
  return *std::exchange(flight.outcome, std::nullopt);
}

Status Importer::settle_oldest() {
  const std::shared_ptr<Flight> flight = flights_.front();
  Status outcome = landing_of(*flight);
  while (outcome.is_retryable()) {
    outcome = wait(outcome);
    if (outcome) outcome = send(flight);
    if (outcome) outcome = landing_of(*flight);
  }
  flights_.pop_front();
  bytes_ -= bytes_of(flight->batch);
  if (!outcome) return outcome;
  patience_.succeeded();
  has_told_ = false;
  items_ += flight->batch.items();
  return outcome;
}

// Until the next attempt; an error that is final where there shall be none.
Status Importer::wait(const Status& refusal) {
  if (!refusal.is_retryable()) return refusal;
  const auto pause = patience_.next_pause(now());
  if (!pause) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_.waited(now()));
    return failed_precondition(
        "the store took nothing for " + std::to_string(seconds.count()) +
        " s: " + std::string(refusal.message()) +
        "; import the same again when that is mended: what is stored is not stored twice");
  }
  if (patience_.waited(now()) > kMoment && !std::exchange(has_told_, true)) on_wait_(refusal);
  std::this_thread::sleep_for(*pause);
  return Status::ok();
}

}  // namespace kolben::app
