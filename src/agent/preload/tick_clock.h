// TickClock: CLOCK_REALTIME for half of its price and less. The kernel's clock counts the
// processor's ticks since somebody last looked at how many make a second; so does this one, and
// looks at the kernel's clock every ten milliseconds.
//
// Differs from the kernel's clock by what that one is slewed meanwhile, five microseconds at most,
// and by what a look at it takes, some more at worst; one that is set, and ticks that change, are
// followed after ten milliseconds. Goes back by as much. Any thread, no waiting, no system call;
// the copy in a fork's child goes on.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

namespace kolben::agent {

// `Source`: static std::uint64_t ticks(), and nanos(), the kernel's clock.
template <typename Source>
class TickClock {
 public:
  // The kernel counts ticks itself: they go on alike in all processors, asleep too. Before the
  // first now().
  void count_ticks() { counts_ = true; }

  [[gnu::hot]] std::uint64_t now() {
    const std::uint32_t version = version_.load(std::memory_order_acquire);
    // Each of these is read before the version is again.
    const std::uint64_t ticks = Source::ticks() - ticks_.load(std::memory_order_acquire);
    // A processor that is behind by some ticks has very many here.
    if (ticks >= ticks_max_.load(std::memory_order_acquire)) [[unlikely]] {
      return look();
    }
    const std::uint64_t passed = ticks * scale_.load(std::memory_order_acquire) >> kScaleBits;
    const std::uint64_t nanos = nanos_.load(std::memory_order_acquire) + passed;
    const bool is_one = version_.load(std::memory_order_relaxed) == version && (version & 1) == 0;
    return is_one ? nanos : Source::nanos();
  }

 private:
  static constexpr unsigned kScaleBits = 32;
  static constexpr double kScaleOne = std::uint64_t{1} << kScaleBits;
  static constexpr std::uint64_t kNanosMax = 10'000'000;  // between two looks
  // What lies nearer together tells too little of how fast the ticks are, and what lies further
  // apart may have anything in between.
  static constexpr std::uint64_t kMeasuredNanosMin = 1'000'000;
  static constexpr std::uint64_t kMeasuredNanosMax = 3'600'000'000'000;
  // Both were looked at within these: else the thread was stopped in between. Two microseconds.
  static constexpr std::uint64_t kLookTicksMax = 5'000;
  // What else is measured is no processor: its ticks have begun anew, or stood still, in between.
  static constexpr double kTickNanosMin = 0.05;
  static constexpr double kTickNanosMax = 20;
  // A larger part of a change says that the clock was set.
  static constexpr double kChangeMax = 0.001;

  // At the kernel's clock, which is then the answer.
  [[gnu::noinline, gnu::cold]] std::uint64_t look() {
    const std::uint64_t before = Source::ticks();
    const std::uint64_t nanos = Source::nanos();
    const std::uint64_t taken = Source::ticks() - before;
    if (!counts_ || taken > kLookTicksMax) return nanos;
    std::uint32_t version = version_.load(std::memory_order_relaxed);
    // Somebody else is at it, or has been killed there: then the kernel's clock has to do.
    if ((version & 1) != 0 ||
        !version_.compare_exchange_strong(version, version + 1, std::memory_order_acquire)) {
      return nanos;
    }
    measure(before + taken / 2, nanos);
    version_.store(version + 2, std::memory_order_release);
    return nanos;
  }

  void measure(std::uint64_t ticks, std::uint64_t nanos) {
    const std::uint64_t nanos_passed = nanos - nanos_.load(std::memory_order_relaxed);
    const std::uint64_t ticks_passed = ticks - ticks_.load(std::memory_order_relaxed);
    if (nanos_passed < kMeasuredNanosMin) return;
    const double scale = static_cast<double>(nanos_passed) / static_cast<double>(ticks_passed);
    const double change = scale > last_scale_ ? scale - last_scale_ : last_scale_ - scale;
    const bool is_known = nanos_passed <= kMeasuredNanosMax && scale > kTickNanosMin &&
                          scale < kTickNanosMax &&
                          (last_scale_ == 0 || change <= last_scale_ * kChangeMax);
    last_scale_ = is_known ? scale : 0;
    const std::uint64_t most = nanos_passed < kNanosMax ? nanos_passed : kNanosMax;
    // Each of these is written after the version has become odd.
    ticks_.store(ticks, std::memory_order_release);
    nanos_.store(nanos, std::memory_order_release);
    scale_.store(static_cast<std::uint64_t>(last_scale_ * kScaleOne), std::memory_order_release);
    const double ticks_max = is_known ? static_cast<double>(most) / scale : 0;
    ticks_max_.store(static_cast<std::uint64_t>(ticks_max), std::memory_order_release);
  }

  bool counts_ = false;
  std::atomic<std::uint32_t> version_{0};  // odd: what follows is being changed
  std::atomic<std::uint64_t> ticks_{0};    // at the last look
  std::atomic<std::uint64_t> nanos_{0};
  std::atomic<std::uint64_t> scale_{0};      // nanoseconds of a tick, times 2^kScaleBits
  std::atomic<std::uint64_t> ticks_max_{0};  // after so many somebody looks again
  double last_scale_ = 0;                    // 0: not known; of whoever has made the version odd
};

// The processor's, where there are such.
struct ProcessorTicks {
#if defined(__x86_64__)
  static constexpr bool kAreThere = true;
  static std::uint64_t ticks() { return __builtin_ia32_rdtsc(); }
#else
  static constexpr bool kAreThere = false;
  static std::uint64_t ticks() { return 0; }
#endif
};

// With the clock that the kernel makes of them.
struct KernelTicks : ProcessorTicks {
  static std::uint64_t nanos() {
    timespec time = {};
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
  }
};

}  // namespace kolben::agent
