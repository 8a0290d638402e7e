#include "connectors/forward/forward.h"

#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pipeline/testing/collecting_consumer.h"

namespace kolben::connectors::forward {
namespace {

using pipeline::testing::CollectingConsumer;

Batch one_log() {
  Batch batch(Signal::kLogs);
  batch.logs().resources.add(batch.arena()).scopes.add(batch.arena()).records.add(batch.arena());
  batch.recount();
  return batch;
}

class ForwardTest : public ::testing::Test {
 protected:
  std::unique_ptr<pipeline::Connector> make(std::string_view yaml) {
    const config::Node node = config::parse_yaml(yaml, "test.yaml", errors_);
    pipeline::CreateContext context{"forward", node, errors_, {nullptr, nullptr, &logs_}};
    return create(context);
  }

  config::Errors errors_;
  CollectingConsumer logs_;
};

TEST_F(ForwardTest, HandsOnWhatItGets) {
  const auto forward = make("{}");
  ASSERT_TRUE(errors_.empty()) << errors_.to_string();
  ASSERT_TRUE(forward->consume({one_log(), pipeline::Receipt()}).is_ok());
  EXPECT_EQ(logs_.items(), 1U);
}

TEST_F(ForwardTest, WhoeverIsBehindItRefuses) {
  const auto forward = make("{}");
  logs_.refuse(resource_exhausted("full"));
  pipeline::Delivery delivery{one_log(), pipeline::Receipt()};
  EXPECT_EQ(forward->consume(std::move(delivery)).message(), "full");
  EXPECT_EQ(delivery.batch.items(), 1U);  // still the caller's
}

TEST_F(ForwardTest, HasNoSettings) {
  make("{speed: high}");
  EXPECT_EQ(errors_.to_string(), "test.yaml:1:2: connectors::forward: unknown key \"speed\"\n");
}

}  // namespace
}  // namespace kolben::connectors::forward
