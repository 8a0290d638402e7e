#include "processors/attributes/attributes.h"

#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"
#include "config/yaml.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::processors::attributes {
namespace {

class AttributesTest : public testing::Test {
 protected:
  // The span's attributes after the processor that `yaml` describes.
  Attributes after(const std::string& yaml) {
    node_ = config::parse_yaml(yaml, "test.yaml", errors_);
    pipeline::CreateContext context{"attributes", node_, errors_, {&next_, &next_, &next_}};
    processor_ = create(context);
    EXPECT_TRUE(errors_.empty()) << errors_.to_string();
    EXPECT_TRUE(processor_->start(host_).is_ok());
    EXPECT_TRUE(processor_->consume({one_span(), pipeline::Receipt()}).is_ok());
    batches_ = next_.take();
    return batches_.at(0).traces().resources[0].scopes[0].spans[0].attributes;
  }

  std::string errors_of(const std::string& yaml) {
    node_ = config::parse_yaml(yaml, "test.yaml", errors_);
    pipeline::CreateContext context{"attributes", node_, errors_, {&next_, &next_, &next_}};
    processor_ = create(context);
    return errors_.to_string();
  }

  static Batch one_span() {
    Batch batch(Signal::kTraces);
    Arena& arena = batch.arena();
    ResourceSpans& resource = batch.traces().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name", Value::string("api"));
    Span& span = resource.scopes.add(arena).spans.add(arena);
    span.name = "GET /";
    set(span.attributes, arena, "user", Value::string("ann@example.org"));
    set(span.attributes, arena, "status", Value::string("200"));
    set(span.attributes, arena, "secret.a", Value::integer(1));
    set(span.attributes, arena, "secret.b", Value::integer(2));
    batch.recount();
    return batch;
  }

  static std::string text(const Attributes& attributes, std::string_view key) {
    const Value* value = find(attributes, key);
    return value == nullptr ? "missing" : std::string(value->as_string());
  }

  config::Errors errors_;
  config::Node node_;
  pipeline::testing::FakeHost host_;
  pipeline::testing::CollectingConsumer next_;
  std::unique_ptr<pipeline::Processor> processor_;
  std::vector<Batch> batches_;
};

TEST_F(AttributesTest, InsertUpdateUpsert) {
  const Attributes result = after(
      "actions:\n"
      "- {key: user, value: other, action: insert}\n"
      "- {key: region, value: eu, action: insert}\n"
      "- {key: absent, value: x, action: update}\n"
      "- {key: status, from_attribute: region, action: update}\n"
      "- {key: count, value: 7, action: upsert}\n");
  EXPECT_EQ(text(result, "user"), "ann@example.org");
  EXPECT_EQ(text(result, "region"), "eu");
  EXPECT_EQ(text(result, "absent"), "missing");
  EXPECT_EQ(text(result, "status"), "eu");
  EXPECT_EQ(find(result, "count")->as_int(), 7);
}

TEST_F(AttributesTest, DeleteByKeyAndByPattern) {
  const Attributes result = after("actions: [{key: user, pattern: ^secret\\., action: delete}]");
  EXPECT_EQ(result.size(), 1U);
  EXPECT_EQ(text(result, "status"), "200");
}

TEST_F(AttributesTest, HashIsSha256) {
  const Attributes result = after("actions: [{key: user, action: hash}]");
  EXPECT_EQ(text(result, "user"), sha256_hex("ann@example.org"));
}

TEST_F(AttributesTest, ExtractAddsNamedGroups) {
  const Attributes result =
      after("actions: [{key: user, pattern: '(?P<name>.*)@(?P<domain>.*)', action: extract}]");
  EXPECT_EQ(text(result, "name"), "ann");
  EXPECT_EQ(text(result, "domain"), "example.org");
}

TEST_F(AttributesTest, ConvertChangesTheTypeOrNothing) {
  const Attributes result = after(
      "actions:\n"
      "- {key: status, converted_type: int, action: convert}\n"
      "- {key: user, converted_type: int, action: convert}\n");
  EXPECT_EQ(find(result, "status")->as_int(), 200);
  EXPECT_EQ(text(result, "user"), "ann@example.org");
}

TEST_F(AttributesTest, IncludeAndExcludeChoose) {
  const std::string action = "\nactions: [{key: user, action: delete}]";
  EXPECT_EQ(after("include: {match_type: strict, services: [api]}" + action).size(), 3U);
  EXPECT_EQ(after("include: {match_type: strict, services: [web]}" + action).size(), 4U);
  EXPECT_EQ(after("exclude: {match_type: regexp, span_names: ['GET.*']}" + action).size(), 4U);
}

TEST_F(AttributesTest, MistakesNameTheirPlace) {
  const std::string errors = errors_of(
      "actions:\n"
      "- {key: user, action: erase}\n"
      "- {action: insert}\n"
      "- {key: user, action: extract, pattern: '('}\n");
  EXPECT_NE(errors.find("test.yaml:2:"), std::string::npos) << errors;
  EXPECT_NE(errors.find("test.yaml:3:"), std::string::npos) << errors;
  EXPECT_NE(errors.find("test.yaml:4:"), std::string::npos) << errors;
}

}  // namespace
}  // namespace kolben::processors::attributes
