#include "agent/preload/pending_output.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace kolben::agent {
namespace {

// A stream of its own with a buffer of `bytes`.
class Stream {
 public:
  explicit Stream(std::size_t bytes = 4096) : buffer_(bytes), file_(fopen("/dev/null", "w")) {
    setvbuf(file_, buffer_.data(), _IOFBF, bytes);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { fclose(file_); }

  // As putc_unlocked() does where the compiler optimizes.
  void put_by_macro(const std::string& text) {
    for (const char c : text) __putc_unlocked_body(c, file_);
  }
  FILE* file() { return file_; }

 private:
  std::vector<char> buffer_;
  FILE* file_;
};

// What a call that is seen is told at its begin.
std::string told(PendingOutput& pending, Stream& stream, const std::string& printed = "") {
  std::string result;
  pending.enter(stream.file(),
                [&](const char* text, std::size_t size, CutBytes) { result.append(text, size); });
  fputs(printed.c_str(), stream.file());
  pending.leave(stream.file());
  return result;
}

TEST(PendingOutput, WhatMacrosWroteIsToldOnceAtTheNextCall) {
  Stream stream;
  PendingOutput pending;
  stream.put_by_macro("ab");
  EXPECT_EQ(told(pending, stream, "the call's own"), "ab");
  EXPECT_EQ(told(pending, stream), "");
  stream.put_by_macro("c");
  EXPECT_EQ(told(pending, stream), "c");
}

TEST(PendingOutput, AfterAFlushThatNobodySawTheBufferIsNew) {
  Stream stream;
  PendingOutput pending;
  EXPECT_EQ(told(pending, stream, "printed"), "");
  fflush(stream.file());
  stream.put_by_macro("new");
  EXPECT_EQ(told(pending, stream), "new");
}

TEST(PendingOutput, CallsThatOverlapTellOnlyTheirOwn) {
  Stream stream;
  PendingOutput pending;
  pending.enter(stream.file(), [](const char*, std::size_t, CutBytes) { FAIL(); });
  EXPECT_EQ(told(pending, stream, "of another thread"), "");
  pending.leave(stream.file());
  stream.put_by_macro("later");
  EXPECT_EQ(told(pending, stream), "later");
}

TEST(PendingOutput, ACallThatComesWhileTheBufferIsReadEndsTheReading) {
  Stream stream;
  PendingOutput pending;
  stream.put_by_macro(std::string(4000, 'x'));
  int pieces = 0;
  pending.enter(stream.file(), [&](const char*, std::size_t, CutBytes) {
    ++pieces;
    EXPECT_EQ(told(pending, stream, "of another thread"), "");
  });
  pending.leave(stream.file());
  EXPECT_EQ(pieces, 1);
  EXPECT_EQ(told(pending, stream), "");
}

TEST(PendingOutput, AChildDoesNotTellWhatItsParentWill) {
  Stream stream;
  PendingOutput pending;
  pending.enter(stream.file(), [](const char*, std::size_t, CutBytes) { FAIL(); });
  stream.put_by_macro("of the parent");
  pending.forked(stream.file());
  pending.leave(stream.file());  // the call during which it forked
  stream.put_by_macro("of the child");
  EXPECT_EQ(told(pending, stream), "of the child");
}

TEST(PendingOutput, AStreamThatIsGoneIsNotLookedAt) {
  auto stream = std::make_unique<Stream>();
  PendingOutput pending;
  stream->put_by_macro("a");
  std::string last;
  pending.enter(stream->file(),
                [&](const char* text, std::size_t size, CutBytes) { last.append(text, size); });
  stream.reset();
  pending.leave(nullptr);
  EXPECT_EQ(last, "a");
  Stream next;
  next.put_by_macro("b");
  EXPECT_EQ(told(pending, next), "b");
}

TEST(PendingOutput, TheRestOfAHugeBufferIsCutAndCounted) {
  Stream stream(3 * PendingOutput::kBytesMax);
  PendingOutput pending;
  stream.put_by_macro(std::string(2 * PendingOutput::kBytesMax, 'x'));
  std::size_t bytes = 0;
  std::size_t bytes_cut = 0;
  pending.enter(stream.file(), [&](const char*, std::size_t size, CutBytes cut) {
    bytes += size;
    bytes_cut += cut.count;
    EXPECT_EQ(cut.goes_on, bytes == PendingOutput::kBytesMax);
  });
  pending.leave(stream.file());
  EXPECT_EQ(bytes, PendingOutput::kBytesMax);
  EXPECT_EQ(bytes_cut, PendingOutput::kBytesMax);
}

TEST(PendingOutput, ThreadsThatPrintAtOnceAreNotToldOfEachOther) {
  Stream stream;
  PendingOutput pending;
  std::atomic<int> told_twice{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 20'000; ++line) {
        if (!told(pending, stream, "a line\n").empty()) ++told_twice;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(told_twice, 0);
}

}  // namespace
}  // namespace kolben::agent
