#include <setjmp.h>

#include "agent/preload/stack_frame.h"
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

constexpr char kAsked[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char kAnswered[] = "HTTP/1.1 204 No Content\r\n\r\n";

class LeftSocketsTest : public ConnectionsTest {
 protected:
  // As a signal handler does that finds our code at work with the connection. Where it was entered.
  __attribute__((noinline)) std::uintptr_t jump_out_of(int file) {
    const std::uintptr_t frame = stack_pointer();
    if (setjmp(out_) == 0) {
      fake_other_thread = [] { longjmp(out_, 1); };
      receive(file, asked_);
      ADD_FAILURE() << "nothing was interrupted";
    }
    return frame;
  }
  void exchange(int file) {
    accept(file);
    receive(file, kAsked);
    send(file, kAnswered);
  }

  const std::string asked_ = kAsked;  // a temporary would be lost by the jump
  inline static jmp_buf out_;
};

TEST_F(LeftSocketsTest, WhatAJumpHasLeftIsGivenBack) {
  accept(5);
  accept(6);
  receive(6, kAsked);
  const std::uintptr_t frame = jump_out_of(5);
  exchange(5);
  EXPECT_TRUE(seen().empty()) << "somebody seems to be at it";
  connections_.give_back(thread_, frame);
  send(5, kAnswered);
  EXPECT_TRUE(seen().empty()) << "what it had begun is not followed";
  connections_.closed(thread_, 5);
  exchange(5);
  EXPECT_EQ(seen().size(), 1u);
  send(6, kAnswered);
  EXPECT_EQ(seen().size(), 1u) << "others are as before";
}

TEST_F(LeftSocketsTest, WhatIsHeldElsewhereOnTheStackIsNot) {
  accept(5);
  const std::uintptr_t frame = jump_out_of(5);
  connections_.give_back(thread_, frame - kOwnFramesBytesMax);
  connections_.give_back(thread_, frame + 2 * kOwnFramesBytesMax);
  exchange(5);
  EXPECT_TRUE(seen().empty());
}

TEST_F(LeftSocketsTest, WhatAThreadOfTheParentHeldIsFreeInTheChild) {
  accept(5);
  jump_out_of(5);
  connections_.forked(2, 43);
  connections_.lose_held();
  connections_.closed(thread_, 5);
  exchange(5);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(LeftSocketsTest, ARequestThatAChildMayAnswerIsSaidToBe) {
  accept(5);
  receive(5, kAsked);
  connections_.has_forked();
  connections_.closed(thread_, 5);
  accept(5);
  receive(5, kAsked);
  connections_.closed(thread_, 5);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kLeft);
  EXPECT_EQ(all[1].fixed.end_reason, EndReason::kClosed) << "it came after the fork";
}

TEST_F(LeftSocketsTest, MemoryThatGoesTakesItsConnectionsWithIt) {
  accept(5);
  receive(5, kAsked);
  ASSERT_NE(connections_.memory(), nullptr);
  connections_.lose_memory(thread_);
  EXPECT_EQ(connections_.memory(), nullptr);
  EXPECT_EQ(seen().size(), 1u);
  exchange(5);
  connect(6);
  EXPECT_TRUE(seen().empty());
}

}  // namespace
}  // namespace kolben::agent
