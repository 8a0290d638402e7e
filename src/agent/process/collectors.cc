#include "agent/process/collectors.h"

#include <algorithm>
#include <utility>

#include "agent/process/http_head.h"
#include "agent/process/user_agent.h"

namespace kolben::agent {
namespace {

bool is_same(const Collectors::Cause& a, const Collectors::Cause& b) {
  return a.pid == b.pid && a.trace_id == b.trace_id;
}

}  // namespace

Collectors::Collectors(const Settings& settings) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    for (const ExporterSettings& exporter : settings.exporters(signal)) {
      if (exporter.kind == ExporterKind::kOtlpGrpc) continue;
      const std::string_view path = split_target(exporter.peer.endpoint).path;
      if (path.size() > 1) paths_.emplace_back(path);
    }
  }
}

bool Collectors::is_telemetry(std::string_view method, std::string_view target) const {
  if (method != "POST") return false;
  const std::string_view path = split_target(target).path;
  if (path.starts_with("/opentelemetry.proto.collector.")) return path.ends_with("/Export");
  // Behind a prefix as well: a proxy may have one for them.
  for (const std::string_view end : {"/v1/traces", "/v1/metrics", "/v1/logs", "/api/v2/spans"}) {
    if (path.ends_with(end)) return true;
  }
  return std::find(paths_.begin(), paths_.end(), path) != paths_.end();
}

bool Collectors::is_export(std::string_view method, std::string_view target,
                           std::string_view user_agent) const {
  return user_agent.starts_with(kExporterName) && is_telemetry(method, target);
}

bool Collectors::receives(std::uint32_t pid, std::uint64_t now) {
  for (Mark& mark : marks_) {
    if (mark.pid != pid) continue;
    mark.last = now;
    return false;
  }
  if (marks_.size() == kCountMax) marks_.erase(marks_.begin());
  marks_.push_back({pid, now});
  return true;
}

bool Collectors::has(std::uint32_t pid, std::uint64_t now) const {
  return std::any_of(marks_.begin(), marks_.end(), [&](const Mark& mark) {
    return mark.pid == pid && now < mark.last + kMarkNanos;
  });
}

void Collectors::gone(std::uint32_t pid) {
  std::erase_if(marks_, [pid](const Mark& mark) { return mark.pid == pid; });
}

const Collectors::Verdict* Collectors::verdict_of(const Cause& cause) const {
  const auto found = std::find_if(verdicts_.begin(), verdicts_.end(), [&](const Verdict& verdict) {
    return is_same(verdict.cause, cause);
  });
  return found == verdicts_.end() ? nullptr : &*found;
}

Collectors::Fate Collectors::fate_of(const Cause& cause, std::uint64_t now) const {
  if (!has(cause.pid, now)) return Fate::kTold;
  if (cause.trace_id.is_zero()) return Fate::kLeftOut;
  const Verdict* verdict = verdict_of(cause);
  if (verdict == nullptr) return Fate::kWaits;
  return verdict->is_telemetry ? Fate::kLeftOut : Fate::kTold;
}

void Collectors::hold(const Cause& cause, std::size_t bytes, std::uint64_t now, Tell tell) {
  bytes_ += bytes;
  held_.push_back({cause, bytes, now, std::move(tell)});
  while (held_.size() > kItemsMax || bytes_ > kBytesMax) drop_oldest();
}

void Collectors::drop_oldest() {
  bytes_ -= held_.front().bytes;
  held_.pop_front();
  ++left_out_;
}

void Collectors::served(const Cause& cause, bool is_telemetry, std::uint64_t now) {
  if (!is_needed(cause.pid, now)) return;
  const auto known = std::find_if(verdicts_.begin(), verdicts_.end(), [&](const Verdict& verdict) {
    return is_same(verdict.cause, cause);
  });
  Verdict& verdict =
      known != verdicts_.end() ? *known : verdicts_[next_verdict_++ % verdicts_.size()];
  verdict = {cause, is_telemetry};
  std::deque<Held> others;
  std::vector<Tell> told;
  for (Held& item : std::exchange(held_, {})) {
    if (!is_same(item.cause, cause)) {
      others.push_back(std::move(item));
      continue;
    }
    bytes_ -= item.bytes;
    if (is_telemetry) {
      ++left_out_;
    } else {
      told.push_back(std::move(item.tell));
    }
  }
  held_ = std::move(others);
  for (Tell& tell : told) tell();
}

void Collectors::tick(std::uint64_t now) {
  while (!held_.empty() && now >= held_.front().since + kHeldNanos) drop_oldest();
}

void Collectors::finish() {
  while (!held_.empty()) drop_oldest();
}

}  // namespace kolben::agent
