#include "agent/preload/process_context.h"

#include <memory>
#include <optional>

#include "agent/preload/testing/connections_fixture.h"
#include "agent/protocols/testing/counted_limit.h"

namespace kolben::agent {
namespace {

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kParentSpan[] = "b7ad6b7169203331";
constexpr std::uint32_t kPid = 4711;

class ProcessContextTest : public ConnectionsTest {
 protected:
  // What a program is that begins with these variables.
  std::unique_ptr<ProcessContext> begin(const char* traceparent, const char* spans = nullptr,
                                        const char* continued = nullptr, std::uint32_t pid = kPid) {
    auto context = std::make_unique<ProcessContext>();
    context->init(system_, ring_, sampler_, thread_,
                  {.pid = pid,
                   .ring = 7,
                   .executable = "/bin/x",
                   .executable_size = 6,
                   .script = "x.py",
                   .script_size = 4,
                   .command_spans = spans,
                   .traceparent = traceparent,
                   .continued = continued});
    return context;
  }
  // The commands that were told since.
  std::vector<Command> commands() {
    static std::uint8_t buffer[kRecordBytesMax];
    std::vector<Command> result;
    while (const std::uint32_t size = reader_->next(buffer, 1)) {
      RecordHeader header;
      std::memcpy(&header, buffer, sizeof(header));
      if (header.type != RecordType::kCommand || size < sizeof(header) + sizeof(Command)) continue;
      std::memcpy(&result.emplace_back(), buffer + sizeof(header), sizeof(Command));
    }
    return result;
  }
  static std::string span_of(const Context& context) { return hex(context.span_id, 8); }
};

TEST_F(ProcessContextTest, ARootIsToldOnceSomethingIsBelowIt) {
  const auto process = begin(nullptr);
  EXPECT_EQ(process->known(), nullptr);
  EXPECT_TRUE(commands().empty());
  const Context* context = process->use(thread_);
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(process->use(thread_), context);
  EXPECT_EQ(process->known(), context);
  const std::vector<Command> all = commands();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(span_of(all[0].self), span_of(*context));
  EXPECT_EQ(hex(all[0].parent_span_id, 8), "0000000000000000");
  EXPECT_EQ(all[0].pid, kPid);
}

TEST_F(ProcessContextTest, WhatIsSaidBeforeHasTheSpanThatMayCome) {
  const auto process = begin(nullptr);
  const Context possible = process->possible();
  EXPECT_NE(possible.flags & kMayCome, 0);
  EXPECT_TRUE(commands().empty());
  const Context* context = process->use(thread_);
  EXPECT_EQ(span_of(possible), span_of(*context));
  EXPECT_EQ(context->flags & kMayCome, 0);
  EXPECT_EQ(span_of(begin(nullptr, "never")->possible()), "0000000000000000");
  process->becomes_server(thread_);
  EXPECT_EQ(span_of(process->possible()), "0000000000000000");
}

TEST_F(ProcessContextTest, TheScriptIsToldBehindTheExecutable) {
  begin(nullptr)->use(thread_);
  std::uint8_t buffer[kRecordBytesMax];
  const std::uint32_t size = reader_->next(buffer, 1);
  ASSERT_GT(size, 10u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer) + size - 10, 10), "/bin/xx.py");
}

TEST_F(ProcessContextTest, OneThatWasStartedWithAContextIsToldAtOnce) {
  const auto process = begin(kParent);
  const std::vector<Command> all = commands();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].self.trace_id, 16), kTraceId);
  EXPECT_EQ(hex(all[0].parent_span_id, 8), kParentSpan);
  EXPECT_NE(span_of(all[0].self), kParentSpan);
  EXPECT_EQ(span_of(*process->known()), span_of(all[0].self));
}

TEST_F(ProcessContextTest, WithoutCommandSpansTheContextIsTheEnvironments) {
  EXPECT_EQ(span_of(*begin(kParent, "never")->use(thread_)), kParentSpan);
  EXPECT_EQ(begin(nullptr, "never")->use(thread_), nullptr);
  EXPECT_EQ(begin("no traceparent", "never")->use(thread_), nullptr);
  EXPECT_TRUE(commands().empty());
}

TEST_F(ProcessContextTest, AServerIsNoCommand) {
  const auto process = begin(nullptr);
  process->becomes_server(thread_);
  EXPECT_EQ(process->use(thread_), nullptr);
  const std::vector<Command> all = commands();  // should a child have told of it
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].is_only_if_known && all[0].end_time != 0);
}

TEST_F(ProcessContextTest, TheStartOfAServerEndsWhereItBecomesOne) {
  const auto process = begin(nullptr);
  process->use(thread_);
  process->becomes_server(thread_);
  process->becomes_server(thread_);
  EXPECT_EQ(process->use(thread_), nullptr);
  EXPECT_EQ(process->known(), nullptr);
  const std::vector<Command> all = commands();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].end_time, 0u);
  EXPECT_GT(all[1].end_time, all[1].start_time);
}

TEST_F(ProcessContextTest, AlwaysMeansServersToo) {
  const auto process = begin(nullptr, "ALWAYS");
  EXPECT_EQ(commands().size(), 1u);
  process->becomes_server(thread_);
  EXPECT_NE(process->use(thread_), nullptr);
}

TEST_F(ProcessContextTest, TheNextProgramInTheProcessGoesOnWithTheSpan) {
  const auto first = begin(kParent);
  char mark[ProcessContext::kMarkBytes];
  ASSERT_TRUE(first->mark(kPid, mark));
  EXPECT_FALSE(first->mark(kPid + 1, mark)) << "a fork's child begins anew";
  const std::vector<Command> before = commands();
  const std::string self = "00-" + std::string(kTraceId) + "-" + span_of(before.at(0).self) + "-01";

  const auto next = begin(self.c_str(), nullptr, mark);
  const std::vector<Command> after = commands();
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(span_of(after[0].self), span_of(before[0].self));
  EXPECT_EQ(hex(after[0].parent_span_id, 8), kParentSpan);
  EXPECT_EQ(after[0].start_time, before[0].start_time);
  // A child that inherits the variable does not.
  const auto child = begin(self.c_str(), nullptr, mark, kPid + 1);
  EXPECT_EQ(hex(commands().at(0).parent_span_id, 8), span_of(before[0].self));
  begin(self.c_str(), nullptr, "00ff");
  EXPECT_EQ(hex(commands().at(0).parent_span_id, 8), span_of(before[0].self));
}

TEST_F(ProcessContextTest, WhatWasNotToldIsNotToldByTheNextProgramEither) {
  const auto first = begin(nullptr);
  char mark[ProcessContext::kMarkBytes];
  ASSERT_TRUE(first->mark(kPid, mark));
  const Context& span = *first->span();
  const std::string self = "00-" + hex(span.trace_id, 16) + "-" + span_of(span) + "-01";
  const auto next = begin(self.c_str(), nullptr, mark);
  const std::vector<Command> all = commands();  // should a child have told of it
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].is_only_if_known && all[0].end_time == 0);
  next->use(thread_);
  EXPECT_EQ(hex(commands().at(0).parent_span_id, 8), "0000000000000000");
}

TEST_F(ProcessContextTest, ALongLifeMakesNoEndlessTrace) {
  const auto busy = begin(nullptr);
  for (std::uint32_t i = 0; i < ProcessContext::kUsesMax; ++i) {
    ASSERT_NE(busy->use(thread_), nullptr);
  }
  EXPECT_EQ(busy->use(thread_), nullptr);
  const auto old = begin(nullptr);
  ASSERT_NE(old->use(thread_), nullptr);
  fake_time += ProcessContext::kNanosMax;
  EXPECT_EQ(old->use(thread_), nullptr);
}

TEST_F(ProcessContextTest, CallsForNoRequestAreBelowTheProcess) {
  const auto process = begin(kParent);
  commands();
  connections_.set_process(process.get());
  connect(6);
  send(6, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  receive(6, "HTTP/1.1 204 No Content\r\n\r\n");
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), span_of(*process->span()));
  EXPECT_EQ(hex(all[1].fixed.parent_span_id, 8), "0000000000000000") << "a request is not";
}

// --- limits of traces ---------------------------------------------------------------------------

TEST_F(ProcessContextTest, AProgramOfWhichNothingIsToldTakesNothingFromALimit) {
  const testing::CountedLimit limit;
  limit.hold_for(sampler_);
  begin(nullptr);
  begin(nullptr)->possible();
  begin(nullptr, "never")->use(thread_);
  begin(kParent)->use(thread_);
  begin(nullptr)->becomes_server(thread_);
  EXPECT_EQ(limit.taken(), 0u);
}

TEST_F(ProcessContextTest, OneOfWhichSomethingIsToldTakesOnce) {
  const testing::CountedLimit limit(2);
  limit.hold_for(sampler_);
  const auto process = begin(nullptr);
  EXPECT_EQ(process->possible().flags, kMayCome);
  const Context* context = process->use(thread_);
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(context->flags, 1);
  EXPECT_EQ(process->use(thread_), context);
  EXPECT_EQ(process->known(), context);
  EXPECT_EQ(process->possible().flags, kMayCome | 1);
  EXPECT_EQ(limit.taken(), 1u);
  const std::vector<Command> all = commands();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(span_of(all[0].self), span_of(*context));
  begin(nullptr, "always");
  EXPECT_EQ(limit.taken(), 2u);
  EXPECT_EQ(begin(nullptr)->use(thread_)->flags, 0) << "nothing is left";
  EXPECT_EQ(commands().size(), 1u);
}

TEST_F(ProcessContextTest, WhatAForksChildTellsIsDecidedBefore) {
  const testing::CountedLimit limit(1);
  limit.hold_for(sampler_);
  const auto process = begin(nullptr);
  process->before_fork();
  EXPECT_EQ(limit.taken(), 1u);
  EXPECT_EQ(process->use(thread_)->flags, 1);
  process->becomes_server(thread_);
  process->before_fork();
  const auto server = begin(nullptr);
  server->becomes_server(thread_);
  server->before_fork();
  EXPECT_EQ(limit.taken(), 1u);
}

}  // namespace
}  // namespace kolben::agent
