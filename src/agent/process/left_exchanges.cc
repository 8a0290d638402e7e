#include "agent/process/left_exchanges.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "agent/ring/record.h"

namespace kolben::agent {
namespace {

constexpr std::size_t kReasonAt = offsetof(Exchange, end_reason);

}  // namespace

bool LeftExchanges::is_left(std::string_view payload) {
  return payload.size() >= sizeof(Exchange) &&
         payload[kReasonAt] == static_cast<char>(EndReason::kLeft);
}

void LeftExchanges::keep(std::string_view record, SpanId span, std::uint64_t now) {
  held_.push_back({span, now, std::string(record)});
  char& reason = held_.back().record[sizeof(RecordHeader) + kReasonAt];
  if (reason == static_cast<char>(EndReason::kLeft)) reason = static_cast<char>(EndReason::kClosed);
}

void LeftExchanges::answered(SpanId span) {
  const auto is_it = [&](const Held& held) { return held.span == span; };
  held_.erase(std::remove_if(held_.begin(), held_.end(), is_it), held_.end());
}

std::optional<std::string> LeftExchanges::take(std::uint64_t now, bool all) {
  if (held_.empty()) return std::nullopt;
  const bool is_due = held_.size() > kHeldMax || now >= held_.front().since + kHeldNanos;
  if (!is_due && !all) return std::nullopt;
  std::string record = std::move(held_.front().record);
  held_.pop_front();
  return record;
}

}  // namespace kolben::agent
