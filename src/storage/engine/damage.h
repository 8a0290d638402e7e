// Damage: what queries find damaged. Told to the operator once for each place, counted each time,
// and given back with what to do about it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "storage/engine/options.h"

namespace kolben::storage::engine {

inline constexpr std::string_view kDamageRemedy =
    "stop Kolben and run `kolben store check --repair`, which sets the damaged part aside";

class Damage {
 public:
  // `report` outlives it.
  explicit Damage(Report& report) : report_(report) {}

  template <typename T>
  Result<T> checked(Result<T> answer) {
    if (answer || answer.status().code() != StatusCode::kDataLoss) return answer;
    return found(std::move(answer).error());
  }

  // How many queries met some.
  std::uint64_t queries() const { return queries_.load(std::memory_order_relaxed); }

 private:
  Status found(Status status);

  Report& report_;
  std::atomic<std::uint64_t> queries_ = 0;
  Mutex mutex_;
  std::set<std::string> told_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::storage::engine
