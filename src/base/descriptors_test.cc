#include "base/descriptors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
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

TEST(Limits, ALimitOfTheProcessIsToldWithItsRemedy) {
  EXPECT_EQ(from_errno(EMFILE, "opening x").message(),
            "opening x: Too many open files; raise the limit of open files (ulimit -n)");
  EXPECT_EQ(from_errno(EFBIG, "writing x").message(),
            "writing x: File too large; raise the limit of a file's size (ulimit -f)");
}

}  // namespace
}  // namespace kolben
