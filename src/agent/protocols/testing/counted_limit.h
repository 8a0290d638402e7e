// A limit of a remote sampler that tells how many traces have been taken of it. For tests.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/protocols/sampler.h"

namespace kolben::agent::testing {

class CountedLimit {
 public:
  // So many may be taken; the clock stands still.
  explicit CountedLimit(std::uint64_t most = 1000) {
    SamplingWriter writer(*table_);
    writer.others(0, kPeriod, most * kPeriod);
    writer.show();
  }
  void hold_for(Sampler& sampler) const {
    sampler.init("parentbased_jaeger_remote", nullptr);
    sampler.follow(table_.get(), [] { return std::uint64_t{0}; });
  }
  std::uint64_t taken() const { return table_->rules()->others.next_nanos.load() / kPeriod; }

 private:
  static constexpr std::uint64_t kPeriod = 1'000'000'000;
  std::unique_ptr<SamplingTable> table_ = std::make_unique<SamplingTable>();
};

}  // namespace kolben::agent::testing
