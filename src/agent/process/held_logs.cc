#include "agent/process/held_logs.h"

#include <cstring>
#include <utility>

namespace kolben::agent {
namespace {

bool is_same_span(const Context& a, const Context& b) {
  return std::memcmp(a.trace_id, b.trace_id, sizeof a.trace_id) == 0 &&
         std::memcmp(a.span_id, b.span_id, sizeof a.span_id) == 0;
}

// What the record has.
Context context_for(const Context& span, bool comes) {
  if (!comes) return {};
  Context context = span;
  context.flags = static_cast<std::uint8_t>(context.flags & ~kMayCome);
  return context;
}

}  // namespace

const HeldLogs::Verdict* HeldLogs::verdict_of(const Context& span) const {
  for (const Verdict& verdict : verdicts_) {
    if (is_same_span(verdict.span, span)) return &verdict;
  }
  return nullptr;
}

void HeldLogs::hold(const Context& span, std::size_t bytes, std::uint64_t now, Give give) {
  if (const Verdict* verdict = verdict_of(span))
    return give(context_for(verdict->span, verdict->comes));
  bytes_ += bytes;
  held_.push_back({span, bytes, now, std::move(give)});
  while (held_.size() > kItemsMax || bytes_ > kBytesMax) settle(held_.front().span, false);
}

void HeldLogs::settle(const Context& span, bool comes) {
  // A copy: the caller's may be that of an item.
  const Context settled = span;
  bool is_noted = false;
  for (Verdict& verdict : verdicts_) {
    if (!is_same_span(verdict.span, settled)) continue;
    verdict.comes = comes;
    is_noted = true;
  }
  if (!is_noted) verdicts_[next_verdict_++ % verdicts_.size()] = {settled, comes};
  std::deque<Held> others;
  for (Held& item : std::exchange(held_, {})) {
    if (!is_same_span(item.span, settled)) {
      others.push_back(std::move(item));
      continue;
    }
    bytes_ -= item.bytes;
    item.give(context_for(settled, comes));
  }
  held_ = std::move(others);
}

void HeldLogs::tick(std::uint64_t now) {
  while (!held_.empty() && now >= held_.front().since + kNanosMax) {
    settle(held_.front().span, false);
  }
}

void HeldLogs::finish() {
  while (!held_.empty()) settle(held_.front().span, false);
}

}  // namespace kolben::agent
