#include "agent/protocols/sampler.h"

#include <strings.h>

#include <cstring>

namespace kolben::agent {
namespace {

constexpr char kParentBased[] = "parentbased_";
constexpr std::size_t kParentBasedSize = sizeof(kParentBased) - 1;

// "0.25"; without the C library's, which depends on the locale. False: not a number from 0 to 1.
bool parse_ratio(const char* text, double* ratio) {
  constexpr int kDigitsMax = 18;
  double value = 0;
  double unit = 1;
  int digits = 0;
  bool fraction = false;
  for (; *text != '\0'; ++text) {
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

}  // namespace

void Sampler::init(const char* name, const char* argument) {
  *this = Sampler();
  if (name == nullptr || *name == '\0') return;
  const bool parent_based = strncasecmp(name, kParentBased, kParentBasedSize) == 0;
  const char* root = parent_based ? name + kParentBasedSize : name;
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (strcasecmp(root, "always_off") == 0) {
    all_ = false;
  } else if (strcasecmp(root, "traceidratio") == 0) {
    double ratio = 1;
    const bool known = argument != nullptr && parse_ratio(argument, &ratio);
    all_ = !known || ratio >= 1;
    if (!all_) below_ = static_cast<std::uint64_t>(ratio * kTwoTo64 + 0.5);
  } else if (strcasecmp(root, "always_on") != 0) {
    return;
  }
  parent_based_ = parent_based;
}

bool Sampler::passes(const std::uint8_t (&trace_id)[16]) const {
  if (all_) return true;
  std::uint64_t low = 0;
  for (int i = 8; i < 16; ++i) low = low << 8 | trace_id[i];
  return low < below_;
}

std::uint8_t Sampler::child(const std::uint8_t (&trace_id)[16], std::uint8_t parent_flags) const {
  if (parent_based_) return parent_flags;
  constexpr std::uint8_t kSampled = 1;
  const auto others = static_cast<std::uint8_t>(parent_flags & ~kSampled);
  return static_cast<std::uint8_t>(others | root(trace_id));
}

}  // namespace kolben::agent
