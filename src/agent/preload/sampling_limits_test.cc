// What of a program's connections takes from a sampler's limit, which is one of traces.
#include "agent/preload/testing/connections_fixture.h"
#include "agent/protocols/testing/counted_limit.h"

namespace kolben::agent {
namespace {

constexpr char kGet[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";  // Redis
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings = std::string("\0\0\0\4\0\0\0\0\0", 9);

class SamplingLimitsTest : public ConnectionsTest {
 protected:
  SamplingLimitsTest() { limit_.hold_for(sampler_); }
  testing::CountedLimit limit_;
};

TEST_F(SamplingLimitsTest, OnlyRequestsThatBeginATraceTakeFromALimit) {
  TextPatterns patterns;
  patterns.init("/health", TextPatterns::Kind::kSearched);
  connections_.exclude(patterns);
  accept(5);
  const auto served = [this](const std::string& request) {
    receive(5, request + "\r\n");
    send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  };
  served("GET /health HTTP/1.1\r\n");
  served(std::string("GET /health HTTP/1.1\r\n") + kHeader);
  served(std::string("GET /orders HTTP/1.1\r\n") + kHeader);
  EXPECT_EQ(limit_.taken(), 0u);
  served("GET /orders HTTP/1.1\r\n");
  EXPECT_EQ(limit_.taken(), 1u);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].fixed.self.flags, 0);
  EXPECT_NE(hex(all[0].fixed.self.trace_id, 16), std::string(32, '0'));
  EXPECT_EQ(all[1].fixed.self.flags, 0);
  EXPECT_EQ(all[2].fixed.self.flags, 1);
  EXPECT_EQ(all[3].fixed.self.flags, 1);
}

// What is read is a request or none, and may have a parent: the agent process knows.
TEST_F(SamplingLimitsTest, ReadsAndWritesTakeNothingFromALimit) {
  accept(5);
  receive(5, kPreface + kSettings);
  receive(5, kSettings);
  connect(8);
  send(8, kGet);
  EXPECT_EQ(limit_.taken(), 0u);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  for (const Told& piece : all) EXPECT_EQ(piece.fixed.self.flags, kUndecided);
}

}  // namespace
}  // namespace kolben::agent
