// Real conversations: the calls in them are found, however their bytes are cut.
#include "agent/protocols/testing/talks.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

#include "agent/protocols/http1.h"
#include "agent/protocols/testing/conversation.h"

namespace kolben::agent {
namespace {

using testing::Conversation;
using testing::read_talk;
using testing::Talk;

bool begins_with(char who, const std::string& bytes, Protocol protocol) {
  const Direction direction = who == '>' ? Direction::kRequests : Direction::kReplies;
  return detect_protocol(direction, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                         bytes.size()) == protocol;
}

void check(const std::string& name, Protocol protocol) {
  const Talk talk = read_talk(name);
  ASSERT_GT(talk.said.size(), 4u) << name;
  EXPECT_TRUE(begins_with(talk.said[0].first, talk.said[0].second, protocol));
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 8UL, 13UL, 100UL, 1000UL}) {
    std::string told;
    auto conversation = std::make_unique<Conversation>(protocol, bytes);
    for (const auto& [who, what] : talk.said) {
      if (who == '>') conversation->client(what);
      if (who == '<') conversation->server(what);
      EXPECT_FALSE(conversation->given_up()) << name << " in pieces of " << bytes;
      if (who != '-') continue;
      told += conversation->told();
      conversation = std::make_unique<Conversation>(protocol, bytes);
    }
    EXPECT_EQ(told + conversation->told(), talk.calls) << name << " in pieces of " << bytes;
  }
}

class Talks : public ::testing::TestWithParam<testing::TalkName> {};
INSTANTIATE_TEST_SUITE_P(Recorded, Talks, ::testing::ValuesIn(testing::kTalks),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Talks, ItsCallsAreFound) {
  check(GetParam().name, GetParam().protocol);
}

// HTTP/1.x: the library itself follows it, message by message.
class Exchanges {
 public:
  explicit Exchanges(std::size_t piece_bytes) : piece_bytes_(piece_bytes) {}
  // One request after another, answered or not.
  void client(std::string_view bytes) {
    while (!bytes.empty()) {
      if (requests_.empty() || requests_.back().complete()) {
        requests_.emplace_back().begin(http1::Message::Kind::kRequest, {});
      }
      bytes.remove_prefix(feed(requests_.back(), bytes));
    }
  }
  void server(std::string_view bytes) {
    while (!bytes.empty()) {
      ASSERT_FALSE(requests_.empty());
      if (!is_answered_) begin_response();
      is_answered_ = true;
      bytes.remove_prefix(feed(response_, bytes));
      if (!response_.complete()) break;
      response_.interim() ? begin_response() : next();
    }
  }
  const std::string& told() const { return told_; }

 private:
  // How much was taken.
  std::size_t feed(http1::Message& message, std::string_view bytes) const {
    std::size_t used = 0;
    while (used < bytes.size() && !message.complete()) {
      const std::string_view piece = bytes.substr(used, piece_bytes_);
      const std::size_t taken =
          message.feed(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
      EXPECT_FALSE(message.failed());
      used += taken;
      if (taken < piece.size()) break;
    }
    return used;
  }
  void begin_response() {
    response_.begin(http1::Message::Kind::kResponse, {}, requests_.front().method());
  }
  void next() {
    told_ += std::to_string(response_.status()) + " | " +
             std::to_string(requests_.front().body_bytes()) + " | " +
             std::to_string(response_.body_bytes()) + "\n";
    requests_.pop_front();
    is_answered_ = false;
  }

  const std::size_t piece_bytes_;
  std::deque<http1::Message> requests_;
  http1::Message response_;
  bool is_answered_ = false;
  std::string told_;
};

class HttpTalks : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Recorded, HttpTalks, ::testing::Values("http1_curl", "http1_sent_ahead"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(HttpTalks, ItsExchangesAreFound) {
  const Talk talk = read_talk(GetParam());
  ASSERT_GT(talk.said.size(), 4u);
  for (const std::size_t bytes : {~0UL, 1UL, 2UL, 3UL, 5UL, 8UL, 13UL, 100UL, 1000UL}) {
    Exchanges exchanges(bytes);
    for (const auto& [who, what] : talk.said) {
      if (who == '>') exchanges.client(what);
      if (who == '<') exchanges.server(what);
    }
    EXPECT_EQ(exchanges.told(), talk.calls) << "in pieces of " << bytes;
  }
}

}  // namespace
}  // namespace kolben::agent
