#include "agent/process/open_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

class RecorderWithEntities : public RecorderTest {
 protected:
  RecorderWithEntities()
      : RecorderTest(
            {{"OTEL_ENTITIES", "service{service.name=a,x=1}[v=2]@urn:s;host{host.id=h}"}}) {}
};

TEST_F(RecorderWithEntities, EachSignalsResourceRefersToThem) {
  handle(exchange_record(TestExchange()));
  handle(output_record("a line\n"));
  recorder_.finish(0, kTime);
  ASSERT_EQ(traces_.batches.size(), 1u);
  ASSERT_EQ(logs_.batches.size(), 1u);
  ASSERT_EQ(metrics_.batches.size(), 1u);
  for (const Resource* resource : {&traces_.batches[0].traces().resources[0].resource,
                                   &logs_.batches[0].logs().resources[0].resource,
                                   &metrics_.batches[0].metrics().resources[0].resource}) {
    ASSERT_EQ(resource->entity_refs.size(), 2u);
    const EntityRef& service = resource->entity_refs[0];
    EXPECT_EQ(service.type, "service");
    EXPECT_EQ(service.schema_url, "urn:s");
    ASSERT_EQ(service.id_keys.size(), 2u);
    EXPECT_EQ(service.id_keys[1], "x");
    ASSERT_EQ(service.description_keys.size(), 1u);
    EXPECT_EQ(service.description_keys[0], "v");
    for (const std::string_view key : {"service.name", "x", "v", "host.id"}) {
      EXPECT_NE(find(resource->attributes, key), nullptr) << key;
    }
  }
}

}  // namespace
}  // namespace kolben::agent
