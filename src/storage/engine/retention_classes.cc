#include "storage/engine/retention_classes.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::engine {
namespace {

std::uint64_t nanos(std::chrono::nanoseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

bool holds(const RetentionRule& rule, std::string_view service, const Span& span) {
  if (!rule.service.empty() && rule.service != service) return false;
  if (rule.errors && span.status_code != SpanStatusCode::kError) return false;
  return span.duration_nanos() >= nanos(rule.longer_than);
}

}  // namespace

RetentionClasses::RetentionClasses(const Options& options, std::vector<std::string> known)
    : default_age_(nanos(options.retention_age_max)), names_(std::move(known)) {
  ages_.assign(names_.size(), default_age_);
  for (const RetentionRule& rule : options.retention_rules) {
    auto name = std::find(names_.begin(), names_.end(), rule.name);
    const auto index = static_cast<std::size_t>(name - names_.begin());
    if (name == names_.end()) {
      names_.push_back(rule.name);
      ages_.push_back(0);
    }
    ages_[index] = nanos(rule.age_max);
    rules_.push_back({rule, static_cast<std::uint32_t>(index + 1)});
  }
}

std::uint64_t RetentionClasses::age_max_nanos(std::uint32_t number) const {
  return number == 0 || number > ages_.size() ? default_age_ : ages_[number - 1];
}

std::uint32_t RetentionClasses::class_of(std::string_view service, const Span& span) const {
  for (const Rule& rule : rules_) {
    if (holds(rule.rule, service, span)) return rule.number;
  }
  return 0;
}

}  // namespace kolben::storage::engine
