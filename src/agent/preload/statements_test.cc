// Executions of SQL within the program.
#include "agent/preload/statements.h"

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

struct Executed {
  Statement fixed;
  std::string database, text;
};

class StatementsTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    statements_.init(system_, ring_, sampler_);
    statements_.forked(1, 42);
  }
  std::vector<Executed> executed() {
    std::vector<Executed> all;
    std::vector<std::uint8_t> buffer(kRecordBytesMax);
    while (reader_->next(buffer.data(), 1) != 0) {
      RecordHeader header;
      std::memcpy(&header, buffer.data(), sizeof(header));
      if (header.type != RecordType::kStatement) continue;
      Executed one;
      const char* text = reinterpret_cast<const char*>(buffer.data()) + sizeof(header);
      std::memcpy(&one.fixed, text, sizeof(one.fixed));
      text += sizeof(one.fixed);
      one.database.assign(text, one.fixed.database_size);
      one.text.assign(text + one.fixed.database_size, one.fixed.text_size);
      all.push_back(one);
    }
    return all;
  }
  static ExecutionEnd end_of(const std::string& text, const char* database, int error_code = 0) {
    return {text.data(), text.size(), database, error_code};
  }

  Statements statements_;
  int statement_ = 0;
};

TEST_F(StatementsTest, AnExecutionLastsFromItsBeginToItsEnd) {
  statements_.begin(thread_, &statement_);
  EXPECT_TRUE(statements_.is_under_way(&statement_));
  statements_.end(thread_, &statement_, end_of("SELECT 1", "/home/ada/shop.db", 5));
  EXPECT_FALSE(statements_.is_under_way(&statement_));
  statements_.end(thread_, &statement_, end_of("SELECT 1", "/home/ada/shop.db"));
  const std::vector<Executed> all = executed();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].text, "SELECT 1");
  EXPECT_EQ(all[0].database, "shop.db");
  EXPECT_EQ(all[0].fixed.error_code, 5);
  EXPECT_LT(all[0].fixed.start_time, all[0].fixed.end_time);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), std::string(16, '0'));
}

TEST_F(StatementsTest, ItIsBelowTheRequestThatIsServed) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  statements_.begin(thread_, &statement_);
  statements_.end(thread_, &statement_, end_of("SELECT 1", ""));
  const Executed one = executed().at(0);
  EXPECT_EQ(one.database, ":memory:");
  EXPECT_EQ(hex(one.fixed.self.trace_id, 16), hex(thread_.request_context.trace_id, 16));
  EXPECT_EQ(hex(one.fixed.parent_span_id, 8), hex(thread_.request_context.span_id, 8));
  EXPECT_NE(hex(one.fixed.self.span_id, 8), hex(thread_.request_context.span_id, 8));
}

TEST_F(StatementsTest, ItIsBelowTheApplicationsSpan) {
  thread_.span = 1;
  std::memset(thread_.span_context.trace_id, 7, 16);
  std::memset(thread_.span_context.span_id, 8, 8);
  statements_.begin(thread_, &statement_);
  statements_.end(thread_, &statement_, end_of("SELECT 1", "a"));
  EXPECT_EQ(hex(executed().at(0).fixed.parent_span_id, 8), "0808080808080808");
}

TEST_F(StatementsTest, ALongTextIsCut) {
  statements_.begin(thread_, &statement_);
  statements_.end(thread_, &statement_, end_of(std::string(100'000, 'x'), "a"));
  EXPECT_EQ(executed().at(0).text.size(), kStatementBytesMax);
}

TEST_F(StatementsTest, ForkedChildLeavesTheParentsStatementsAlone) {
  statements_.begin(thread_, &statement_);
  statements_.forked(2, 43);
  statements_.end(thread_, &statement_, end_of("SELECT 1", "a"));
  EXPECT_TRUE(executed().empty());
}

TEST_F(StatementsTest, WhatIsForgottenIsNotTold) {
  statements_.begin(thread_, &statement_);
  statements_.forget(&statement_);
  EXPECT_FALSE(statements_.is_under_way(&statement_));
  statements_.end(thread_, &statement_, end_of("SELECT 1", "a"));
  EXPECT_TRUE(executed().empty());
}

}  // namespace
}  // namespace kolben::agent
