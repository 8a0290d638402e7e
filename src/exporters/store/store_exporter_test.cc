#include "exporters/store/store_exporter.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "config/reader.h"
#include "config/yaml.h"
#include "pipeline/testing/fake_host.h"
#include "storage/store.h"

namespace kolben::exporters::store {
namespace {

class StoreExporterTest : public testing::Test {
 protected:
  StoreExporterTest() {
    std::string pattern = testing::TempDir() + "kolben-exporter-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~StoreExporterTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<pipeline::Exporter> make(std::vector<std::pair<std::string, std::string>> keys) {
    config::Node node;
    node.kind = config::NodeKind::kMap;
    for (auto& [key, value] : keys) {
      config::Node scalar;
      scalar.kind = config::NodeKind::kScalar;
      scalar.text = value;
      node.fields.emplace_back(key, scalar);
      node.field_locations.emplace_back();
    }
    pipeline::CreateContext context{"store", node, errors_, {}};
    return create(context);
  }

  static Batch some_spans() {
    Batch batch(Signal::kTraces);
    Arena& arena = batch.arena();
    Span& span = batch.traces().resources.add(arena).scopes.add(arena).spans.add(arena);
    span.trace_id.bytes[0] = 1;
    span.span_id.bytes[0] = 1;
    batch.recount();
    return batch;
  }

  std::string directory_;
  config::Errors errors_;
  pipeline::testing::FakeHost host_;
};

TEST_F(StoreExporterTest, AReceiptResolvesWhenTheDataIsStored) {
  auto exporter = make({{"path", directory_ + "/data"}, {"durability", "disk"}});
  ASSERT_TRUE(errors_.empty()) << errors_.to_string();
  ASSERT_TRUE(exporter->start(host_));
  auto* store = host_.find<storage::Store>("store");
  ASSERT_NE(store, nullptr);

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Status> outcome;
  pipeline::Receipt receipt([&](Status status) {
    const std::lock_guard lock(mutex);
    outcome = std::move(status);
    changed.notify_all();
  });
  ASSERT_TRUE(exporter->consume({some_spans(), std::move(receipt)}));
  std::unique_lock lock(mutex);
  ASSERT_TRUE(
      changed.wait_for(lock, std::chrono::seconds(30), [&] { return outcome.has_value(); }));
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(store->stats().spans, 1U);
  EXPECT_EQ(host_.metric("otelcol_exporter_sent_spans"), 1);
  EXPECT_EQ(host_.metric("kolben_store_spans"), 1);
  EXPECT_TRUE(host_.health().status());
  exporter->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
}

TEST_F(StoreExporterTest, ASecondProgramIsRefusedWithTheProcessThatHoldsTheDirectory) {
  auto first = make({{"path", directory_ + "/data"}});
  auto second = make({{"path", directory_ + "/data"}});
  ASSERT_TRUE(first->start(host_));
  const Status refused = second->start(host_);
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.message().find("in use by another kolben (pid "), std::string_view::npos)
      << refused.to_string();
  first->stop({});
}

TEST_F(StoreExporterTest, AMissingPathAndAnUnknownDurabilityAreMistakes) {
  make({{"durability", "tape"}});
  EXPECT_EQ(errors_.messages().size(), 2U) << errors_.to_string();
}

}  // namespace
}  // namespace kolben::exporters::store
