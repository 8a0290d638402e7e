#include "app/cli/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace kolben::app {
namespace {

constexpr std::chrono::milliseconds kBetween(100);

}  // namespace

Progress::Progress(std::string work)
    : work_(std::move(work)), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::uint64_t done, std::uint64_t all) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || all == 0 || (is_shown_ && now - shown_ < kBetween)) return;
  is_shown_ = true;
  shown_ = now;
  std::fprintf(stderr, "\r\033[K%s: %3.0f %% (%llu of %llu)", work_.c_str(),
               100.0 * static_cast<double>(done) / static_cast<double>(all),
               static_cast<unsigned long long>(done), static_cast<unsigned long long>(all));
}

void Progress::clear() {
  if (std::exchange(is_shown_, false)) std::fputs("\r\033[K", stderr);
}

}  // namespace kolben::app
