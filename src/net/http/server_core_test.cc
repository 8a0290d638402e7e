#include "net/http/server_core.h"

#include <gtest/gtest.h>

namespace kolben::net::http {
namespace {

class Idle final : public Connection {
 public:
  explicit Idle(std::chrono::steady_clock::time_point since) {
    set_wait({Waiting::kForRequest, since});
  }
  void drain() override { is_drained = true; }
  void close() override {}
  void make_way() override {}

  bool is_drained = false;
};

ServerSettings at_most(std::size_t connections) {
  ServerSettings settings;
  settings.connections_max = connections;
  return settings;
}

// Two threads that accept at the same time: both are there before either has added its own.
TEST(ServerCore, WhoIsAdmittedHasAPlaceBeforeItIsAdded) {
  ServerCore core(at_most(2), {}, {});
  EXPECT_TRUE(core.admit().is_admitted);
  EXPECT_TRUE(core.admit().is_admitted);
  EXPECT_FALSE(core.admit().is_admitted);
  const auto now = std::chrono::steady_clock::now();
  const auto first = std::make_shared<Idle>(now);
  EXPECT_TRUE(core.add(first));
  EXPECT_TRUE(core.add(std::make_shared<Idle>(now + std::chrono::seconds(1))));
  // The one that waits longest makes way, and its place is taken at once.
  const ServerCore::Admission third = core.admit();
  EXPECT_TRUE(third.is_admitted);
  EXPECT_EQ(third.makes_way, first);
}

TEST(ServerCore, WhoWasAdmittedBeforeTheEndIsNotAddedAfterIt) {
  ServerCore core(at_most(1), {}, {});
  EXPECT_TRUE(core.admit().is_admitted);
  core.drain();
  EXPECT_FALSE(core.add(std::make_shared<Idle>(std::chrono::steady_clock::now())));
  EXPECT_TRUE(core.wait_until_empty(std::chrono::steady_clock::now()));
}

// It was told to make way, and its next request came before that.
TEST(ServerCore, WhoIsTakenBackAfterTheEndBeganEndsToo) {
  for (const bool is_late : {false, true}) {
    ServerCore core(at_most(1), {}, {});
    const auto connection = std::make_shared<Idle>(std::chrono::steady_clock::now());
    EXPECT_TRUE(core.admit().is_admitted);
    EXPECT_TRUE(core.add(connection));
    EXPECT_EQ(core.admit().makes_way, connection);
    if (is_late) core.drain();
    EXPECT_FALSE(connection->is_drained);  // nobody knew of it
    core.take_back(connection);
    EXPECT_EQ(connection->is_drained, is_late);
    EXPECT_FALSE(core.wait_until_empty(std::chrono::steady_clock::now()));
    core.drain();
    EXPECT_TRUE(connection->is_drained);
  }
}

}  // namespace
}  // namespace kolben::net::http
