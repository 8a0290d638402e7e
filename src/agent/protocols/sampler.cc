#include "agent/protocols/sampler.h"

#include <strings.h>

#include <cstring>

namespace kolben::agent {
namespace {

constexpr char kParentBased[] = "parentbased_";
constexpr std::size_t kParentBasedSize = sizeof(kParentBased) - 1;

// "0.25"; without the C library's, which depends on the locale. False: not a number from 0 to 1.
bool parse_ratio(const char* text, std::size_t size, double* ratio) {
  constexpr int kDigitsMax = 18;
  double value = 0;
  double unit = 1;
  int digits = 0;
  bool fraction = false;
  for (const char* const end = text + size; text != end; ++text) {
    if (*text == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (*text < '0' || *text > '9') return false;
    if (++digits > kDigitsMax) continue;
    value = value * 10 + (*text - '0');
    if (fraction) unit *= 10;
  }
  *ratio = value / unit;
  return digits != 0 && *ratio <= 1;
}

const char* skip_blanks(const char* at, const char* end) {
  while (at != end && (*at == ' ' || *at == '\t')) ++at;
  return at;
}

// Behind "key =" where the item is that key's; else null.
const char* value_of(const char* item, const char* end, const char* key) {
  const std::size_t size = std::strlen(key);
  item = skip_blanks(item, end);
  if (static_cast<std::size_t>(end - item) < size) return nullptr;
  if (std::memcmp(item, key, size) != 0) return nullptr;
  item = skip_blanks(item + size, end);
  return item != end && *item == '=' ? skip_blanks(item + 1, end) : nullptr;
}

// The rate in "endpoint=...,initialSamplingRate=0.25"; where there is none, that of Jaeger's
// clients.
double initial_rate(const char* list) {
  constexpr double kUsual = 0.001;
  double rate = kUsual;
  while (list != nullptr && *list != '\0') {
    const char* const end = list + std::strcspn(list, ",");
    if (const char* value = value_of(list, end, "initialSamplingRate")) {
      const char* last = end;
      while (last != value && (last[-1] == ' ' || last[-1] == '\t')) --last;
      const auto size = static_cast<std::size_t>(last - value);
      if (!parse_ratio(value, size, &rate)) rate = kUsual;
    }
    list = *end == ',' ? end + 1 : end;
  }
  return rate;
}

std::uint64_t low_half(const std::uint8_t (&trace_id)[16]) {
  std::uint64_t low = 0;
  for (int i = 8; i < 16; ++i) low = low << 8 | trace_id[i];
  return low;
}

}  // namespace

void Sampler::init(const char* name, const char* argument) {
  *this = Sampler();
  if (name == nullptr || *name == '\0') return;
  const bool parent_based = strncasecmp(name, kParentBased, kParentBasedSize) == 0;
  const char* root = parent_based ? name + kParentBasedSize : name;
  constexpr double kTwoTo64 = 18446744073709551616.0;
  const auto take_share = [this](double ratio) {
    all_ = ratio >= 1;
    if (!all_) below_ = static_cast<std::uint64_t>(ratio * kTwoTo64 + 0.5);
  };
  if (strcasecmp(root, "always_off") == 0) {
    all_ = false;
  } else if (strcasecmp(root, "traceidratio") == 0) {
    double ratio = 1;
    const bool known = argument != nullptr && parse_ratio(argument, std::strlen(argument), &ratio);
    take_share(known ? ratio : 1);
  } else if (strcasecmp(root, "jaeger_remote") == 0) {
    is_remote_ = true;
    take_share(initial_rate(argument));
  } else if (strcasecmp(root, "always_on") != 0) {
    return;
  }
  parent_based_ = parent_based;
}

bool Sampler::passes(const std::uint8_t (&trace_id)[16]) const {
  return all_ || low_half(trace_id) < below_;
}

bool Sampler::is_in_strategy(const std::uint8_t (&trace_id)[16], const Operation& operation) const {
  SamplingRules* rules = strategies_->rules();
  if (rules == nullptr) return passes(trace_id);
  SamplingRule& rule = rules->rule_of(operation);
  // What its id has chosen counts among those that are wanted at least.
  const bool is_in_time = rule.period_nanos != 0 && rule.take(now_());
  return is_in_time || rule.has_share_of(low_half(trace_id));
}

// A limit is one of traces: what is below a parent is in its trace.
std::uint8_t Sampler::child(const std::uint8_t (&trace_id)[16], std::uint8_t parent_flags) const {
  if (parent_based_) return parent_flags;
  const SamplingRules* rules = strategies_ == nullptr ? nullptr : strategies_->rules();
  if (rules != nullptr && rules->is_rate_limited()) return parent_flags;
  constexpr std::uint8_t kSampled = 1;
  const auto others = static_cast<std::uint8_t>(parent_flags & ~kSampled);
  const bool is_chosen =
      rules == nullptr ? passes(trace_id) : rules->others.has_share_of(low_half(trace_id));
  return static_cast<std::uint8_t>(others | (is_chosen ? kSampled : 0));
}

}  // namespace kolben::agent
