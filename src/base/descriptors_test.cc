#include "base/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>

namespace kolben {
namespace {

// Within a limit of its own.
class Descriptors : public testing::Test {
 protected:
  Descriptors() { getrlimit(RLIMIT_NOFILE, &before_); }
  ~Descriptors() override { setrlimit(RLIMIT_NOFILE, &before_); }
  void limit_to(rlim_t count) {
    rlimit now = before_;
    now.rlim_cur = count;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &now), 0);
  }

 private:
  rlimit before_{};
};

TEST_F(Descriptors, ThoseThatAreOpenCount) {
  limit_to(64);
  EXPECT_TRUE(descriptors_left(1).is_ok());
  EXPECT_EQ(descriptors_left(64).code(), StatusCode::kResourceExhausted);
  const std::string said(descriptors_left(64).message());
  EXPECT_TRUE(said.starts_with("only 64 files may be open, ")) << said;
  EXPECT_TRUE(said.ends_with("64 more are needed: raise the limit (ulimit -n)")) << said;
  limit_to(200);
  EXPECT_TRUE(descriptors_left(64).is_ok());
}

// Then they cannot be counted either.
TEST_F(Descriptors, WhereNoneIsLeftThatIsSaid) {
  std::array<int, 8> opened{};  // more than the standard streams
  for (int& descriptor : opened) descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  limit_to(static_cast<rlim_t>(opened.back()) + 1);
  const Status status = descriptors_left(1);
  for (const int descriptor : opened) close(descriptor);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(status.message().ends_with("raise the limit of open files (ulimit -n)"))
      << status.message();
}

TEST_F(Descriptors, NoNumberIsTooLargeToBeRefused) {
  limit_to(64);
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(descriptors_left(kMost).code(), StatusCode::kResourceExhausted);
}

TEST(Limits, ALimitOfTheProcessIsToldWithItsRemedy) {
  EXPECT_EQ(from_errno(EMFILE, "opening x").message(),
            "opening x: Too many open files; raise the limit of open files (ulimit -n)");
  EXPECT_EQ(from_errno(EFBIG, "writing x").message(),
            "writing x: File too large; raise the limit of a file's size (ulimit -f), unless it is "
            "the file system's own");
}

}  // namespace
}  // namespace kolben
