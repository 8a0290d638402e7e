#include "base/clock.h"

#include <ctime>

namespace kolben {
namespace {

std::uint64_t read_nanos(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

class SystemClock final : public Clock {
 public:
  std::uint64_t unix_nanos() const override { return read_nanos(CLOCK_REALTIME); }
  std::uint64_t steady_nanos() const override { return read_nanos(CLOCK_MONOTONIC); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace kolben
