#include "base/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace kolben {
namespace {

TEST(StandardStreamsDeathTest, ClosedOnesAreOpenedSoThatNoFileGetsTheirNumbers) {
  const auto number_of_next_file = [] {
    ::close(0);
    ::close(1);
    ::close(2);
    open_standard_streams();
    const int file = ::open("/dev/null", O_RDONLY);
    const bool all_open =
        fcntl(0, F_GETFD) == 0 && fcntl(1, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0;
    _exit(all_open ? file : 100);
  };
  const int before = ::open("/dev/null", O_RDONLY);
  ::close(before);
  EXPECT_EXIT(number_of_next_file(), ::testing::ExitedWithCode(before), "");
}

}  // namespace
}  // namespace kolben
