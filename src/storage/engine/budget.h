// Budget: how long a query may take. Asked once a page of rows. One thread.
#pragma once

#include "base/clock.h"
#include "base/status.h"

namespace kolben::storage::engine {

class Budget {
 public:
  Budget(const Clock& clock, std::chrono::nanoseconds time)
      : clock_(clock), ends_(clock.steady_nanos() + static_cast<std::uint64_t>(time.count())) {}

  Status check() const {
    if (clock_.steady_nanos() < ends_) return Status::ok();
    return deadline_exceeded("the query took too long; ask for a shorter time range");
  }

 private:
  const Clock& clock_;
  const std::uint64_t ends_;
};

}  // namespace kolben::storage::engine
