#include "pipeline/testing/fake_host.h"

#include <algorithm>

namespace kolben::pipeline::testing {

double FakeHost::metric(std::string_view name, std::string_view label,
                        std::string_view value) const {
  double sum = 0;
  for (const Sample& sample : const_cast<FakeHost*>(this)->host_.telemetry().samples()) {
    const bool matches =
        label.empty() ||
        std::any_of(sample.labels.begin(), sample.labels.end(),
                    [&](const auto& l) { return l.first == label && l.second == value; });
    if (sample.name == name && matches) sum += sample.value;
  }
  return sum;
}

}  // namespace kolben::pipeline::testing
