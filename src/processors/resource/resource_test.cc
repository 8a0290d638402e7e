#include "processors/resource/resource.h"

#include <gtest/gtest.h>

#include "config/yaml.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::processors::resource {
namespace {

TEST(Resource, ActionsChangeTheResourceOfEverySignal) {
  config::Errors errors;
  const config::Node node = config::parse_yaml(
      "attributes: [{key: env, value: test, action: upsert}]", "test.yaml", errors);
  pipeline::testing::CollectingConsumer next;
  pipeline::testing::FakeHost host;
  pipeline::CreateContext context{"resource", node, errors, {&next, &next, &next}};
  const auto processor = create(context);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  ASSERT_TRUE(processor->start(host).is_ok());

  Batch traces(Signal::kTraces);
  traces.traces()
      .resources.add(traces.arena())
      .scopes.add(traces.arena())
      .spans.add(traces.arena());
  traces.recount();
  Batch logs(Signal::kLogs);
  logs.logs().resources.add(logs.arena()).scopes.add(logs.arena()).records.add(logs.arena());
  logs.recount();
  ASSERT_TRUE(processor->consume({std::move(traces), pipeline::Receipt()}).is_ok());
  ASSERT_TRUE(processor->consume({std::move(logs), pipeline::Receipt()}).is_ok());

  const std::vector<Batch> batches = next.take();
  ASSERT_EQ(batches.size(), 2U);
  const auto env = [](const Resource& resource) {
    return find(resource.attributes, "env")->as_string();
  };
  EXPECT_EQ(env(batches[0].traces().resources[0].resource), "test");
  EXPECT_EQ(env(batches[1].logs().resources[0].resource), "test");
}

}  // namespace
}  // namespace kolben::processors::resource
