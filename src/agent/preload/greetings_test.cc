// Servers that speak first, whose first words may come in pieces.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using GreetingsTest = ConnectionsTest;

constexpr char kGet[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";

// MySQL's, of which some clients read the header first.
TEST_F(GreetingsTest, AGreetingInPieces) {
  const std::string content = "\x0a" + ("8.0.36" + std::string(1, '\0')) + std::string(60, 'x');
  const std::string greeting =
      std::string(1, static_cast<char>(content.size())) + std::string(3, '\0') + content;
  const std::vector<std::vector<std::size_t>> all_cuts = {{4}, {5}, {1, 2, 3, 4, 5}, {6}, {30}};
  for (const auto& cuts : all_cuts) {
    connect(8);
    std::size_t from = 0;
    for (const std::size_t to : cuts) {
      receive(8, greeting.substr(from, to - from));
      from = to;
    }
    receive(8, greeting.substr(from));
    std::uint64_t position = 0;
    std::string shown;
    for (const Told& one : told()) {
      if (one.type != RecordType::kStreamPiece) continue;
      EXPECT_EQ(one.fixed.protocol, static_cast<std::uint8_t>(Protocol::kMysql));
      EXPECT_EQ(one.fixed.position, position);
      for (const StreamSegment& segment : one.segments) position += segment.seen + segment.unseen;
      shown += one.bytes;
    }
    EXPECT_EQ(position, greeting.size()) << cuts.size() << " cuts at " << cuts[0];
    EXPECT_EQ(shown, std::string("8.0.36") + '\0');
  }
}

TEST_F(GreetingsTest, AServerWhoseFirstWordsWereOnlyLikeAGreeting) {
  connect(8);
  receive(8, std::string("\x4a\0\0\0", 4));
  receive(8, "220 ready\r\n");
  receive(8, "220 ready\r\n");
  EXPECT_TRUE(told().empty());
  connect(8);
  receive(8, std::string("\x4a\0\0\0", 4));
  send(8, kGet);  // it did not wait for the rest
  EXPECT_TRUE(told().empty());
}

TEST_F(GreetingsTest, AServerWhoseFirstWordsWeDoNotKnowIsNotFollowed) {
  connect(8);
  receive(8, "220 ready\r\n");
  send(8, kGet);
  EXPECT_TRUE(told().empty());
}

}  // namespace
}  // namespace kolben::agent
