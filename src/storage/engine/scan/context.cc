#include "storage/engine/scan/context.h"

#include <algorithm>

namespace kolben::storage::scan {
namespace {

std::uint64_t end_of(const Clock& clock, std::chrono::nanoseconds time) {
  const std::uint64_t now = clock.steady_nanos();
  const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  return nanos > UINT64_MAX - now ? UINT64_MAX : now + nanos;
}

}  // namespace

Control::Control(const Context& context, const Limits& limits)
    : clock_(context.clock),
      limits_(limits),
      ends_(
          end_of(context.clock, limits.time_max.count() > 0 ? limits.time_max : context.time_max)),
      bytes_max_(limits.bytes_max > 0 ? limits.bytes_max : context.bytes_max) {}

Status Control::check() const {
  if (limits_.watch && limits_.watch->is_cancelled.load(std::memory_order_relaxed)) {
    return cancelled("the query was cancelled");
  }
  if (limits_.watch && limits_.watch->is_asker_gone &&
      limits_.watch->is_asker_gone->load(std::memory_order_relaxed)) {
    return cancelled("whoever asked is gone");
  }
  KOLBEN_RETURN_IF_ERROR(check_memory());
  if (clock_.steady_nanos() < ends_) return Status::ok();
  return deadline_exceeded("the query took too long; ask for a shorter time range");
}

Status Control::check_memory() const {
  if (bytes_.load(std::memory_order_relaxed) <= bytes_max_) return Status::ok();
  return resource_exhausted("the query needs too much memory; ask for less at once");
}

std::uint64_t Control::bytes_left() const {
  const std::uint64_t taken = bytes_.load(std::memory_order_relaxed);
  return taken < bytes_max_ ? bytes_max_ - taken : 0;
}

void Control::scanned(std::uint64_t rows) {
  const std::uint64_t all = rows_.fetch_add(rows, std::memory_order_relaxed) + rows;
  if (limits_.watch) limits_.watch->rows_scanned.store(all, std::memory_order_relaxed);
}

void Control::expect(std::uint64_t rows) {
  if (limits_.watch) limits_.watch->rows_total.store(rows, std::memory_order_relaxed);
}

void Control::searched_back_to(std::uint64_t time) {
  if (limits_.watch) limits_.watch->searched_back_to.store(time, std::memory_order_relaxed);
}

}  // namespace kolben::storage::scan
