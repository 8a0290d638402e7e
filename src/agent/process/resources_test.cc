#include "agent/process/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "agent/process/config_file.h"
#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint32_t kPid = 7;

std::string service_of(const Resource& resource) {
  const Value* name = find(resource.attributes, "service.name");
  return name == nullptr ? "" : std::string(name->as_string());
}

class ResourcesTest : public ::testing::Test {
 protected:
  ResourcesTest(const Environment& environment = {{"OTEL_SERVICE_NAME", "all"},
                                                  {"OTEL_RESOURCE_ATTRIBUTES", "zone=a"}})
      : settings_(read_settings(environment)) {}

  std::string attribute(std::uint32_t pid, std::string_view key) {
    Resource resource;
    resources_.fill(resources_.of(pid), resource, arena_);
    const Value* value = find(resource.attributes, key);
    return value == nullptr ? "" : std::string(value->as_string());
  }
  std::string service(std::uint32_t pid = kPid) { return attribute(pid, "service.name"); }

  Arena arena_;
  Settings settings_;
  Resources resources_{settings_};
};

TEST_F(ResourcesTest, WhoSaysNothingOrTheSameHasTheLaunchedProgramsResource) {
  resources_.began(kPid, "", "");
  EXPECT_EQ(service(), "all");
  resources_.began(kPid, "all", "zone=a");
  EXPECT_EQ(resources_.of(kPid), 0u);
  resources_.began(kPid, " all ", "zone = a,");  // spelled otherwise
  EXPECT_EQ(resources_.of(kPid), 0u);
  EXPECT_EQ(resources_.size(), 1u);
}

TEST_F(ResourcesTest, WhatIsNotSetIsAsForTheLaunchedProgram) {
  resources_.began(kPid, "web", "");
  EXPECT_EQ(service(), "web");
  EXPECT_EQ(attribute(kPid, "zone"), "a");
  EXPECT_EQ(attribute(kPid, "telemetry.sdk.name"), "kolben");
  resources_.began(8, "all", "zone=b,service.name=weaker");
  EXPECT_EQ(service(8), "all");
  EXPECT_EQ(attribute(8, "zone"), "b");
  EXPECT_EQ(service(9), "all");
}

TEST_F(ResourcesTest, TwoOfOneServiceHaveOneResource) {
  resources_.began(kPid, "web", "zone=a");
  resources_.began(8, "web", "zone=a");
  resources_.began(9, "web", " zone=a");
  EXPECT_EQ(resources_.of(8), resources_.of(kPid));
  EXPECT_EQ(resources_.of(9), resources_.of(kPid));
}

TEST_F(ResourcesTest, AProgramThatBecomesAnotherHasTheOtherOnes) {
  resources_.began(kPid, "web", "");
  resources_.began(kPid, "worker", "");
  EXPECT_EQ(service(), "worker");
  resources_.began(kPid, "all", "");
  EXPECT_EQ(service(), "all");
}

TEST_F(ResourcesTest, WhatIsWrongIsSaidOnceAndTheRestHolds) {
  resources_.began(kPid, "", "zone=b,nonsense");
  EXPECT_EQ(attribute(kPid, "zone"), "b");
  EXPECT_THAT(resources_.take_warnings(),
              ElementsAre("process 7 (all): OTEL_RESOURCE_ATTRIBUTES=nonsense: not key=value; left "
                          "out"));
  resources_.began(8, "", "zone=b,nonsense");
  EXPECT_THAT(resources_.take_warnings(), IsEmpty());
  resources_.began(9, "web", "zone=c,nonsense");  // another resource, the same mistake
  EXPECT_THAT(resources_.take_warnings(), IsEmpty());
  EXPECT_EQ(attribute(9, "zone"), "c");
}

TEST_F(ResourcesTest, OfManyMistakesSomeAreSaid) {
  std::size_t lines = 0;
  for (std::uint32_t i = 1; i <= Resources::kTextsMax; ++i) {
    resources_.began(i, "", "zone=b,nonsense" + std::to_string(i));
    lines += resources_.take_warnings().size();
  }
  EXPECT_EQ(lines, Resources::kSaidMax + 1);
}

TEST_F(ResourcesTest, WhatIsNoUtf8IsRepairedForABatchCarriesAll) {
  resources_.began(kPid, "caf\xc3", "zone\xff=%fe,zone\xfe=b");
  EXPECT_EQ(service(), "caf\xef\xbf\xbd");
  EXPECT_EQ(attribute(kPid, "zone\xef\xbf\xbd"), "b");
}

class EntityResourcesTest : public ResourcesTest {
 protected:
  EntityResourcesTest()
      : ResourcesTest(Environment{{"OTEL_ENTITIES", "service{service.name=shop}[zone=a]"}}) {}
};

TEST_F(EntityResourcesTest, AreStrongerThanAProgramsNameWhichIsSaidOnceForEachName) {
  std::size_t lines = 0;
  for (std::uint32_t i = 1; i <= 20; ++i) {
    resources_.began(i, "service " + std::to_string(i % 10), "number=" + std::to_string(i));
    lines += resources_.take_warnings().size();
  }
  EXPECT_EQ(lines, 10u);
  EXPECT_EQ(service(3), "shop");
  Resource resource;
  resources_.fill(resources_.of(3), resource, arena_);
  ASSERT_EQ(resource.entity_refs.size(), 1u);
  EXPECT_EQ(resource.entity_refs[0].type, "service");
  ASSERT_EQ(resource.entity_refs[0].id_keys.size(), 1u);
  EXPECT_EQ(resource.entity_refs[0].id_keys[0], "service.name");
}

TEST_F(ResourcesTest, OfAListThatIsTooLongTheLastItemIsLeftOut) {
  std::string list = "zone=b,long=" + std::string(kResourceAttributesBytesMax, 'x');
  list.resize(kResourceAttributesBytesMax);  // as the library cuts it
  resources_.began(kPid, "", list);
  EXPECT_EQ(attribute(kPid, "zone"), "b");
  EXPECT_EQ(attribute(kPid, "long"), "");
}

TEST_F(ResourcesTest, BeyondTheBoundsItIsTheLaunchedProgramsAndCounted) {
  for (std::uint32_t i = 1; i < Resources::kResourcesMax; ++i) {
    resources_.began(i, "service " + std::to_string(i), "");
  }
  EXPECT_THAT(resources_.take_warnings(), IsEmpty());
  for (std::uint32_t i = Resources::kResourcesMax; i <= Resources::kTextsMax + 1; ++i) {
    resources_.began(i, "service " + std::to_string(i), "");
  }
  EXPECT_THAT(
      resources_.take_warnings(),
      ElementsAre("process 64 (service 64): there is no room for one more resource; told of "
                  "as the launched program (docs/agent.md)"));
  EXPECT_EQ(resources_.size(), Resources::kResourcesMax);
  EXPECT_EQ(service(Resources::kResourcesMax - 1), "service 63");
  EXPECT_EQ(service(Resources::kResourcesMax), "all");
  EXPECT_EQ(resources_.refused(), Resources::kTextsMax + 1 - (Resources::kResourcesMax - 1));
  resources_.began(kPid, "service 1", "");  // is known
  EXPECT_EQ(service(), "service 1");
}

TEST_F(ResourcesTest, WhoIsGoneIsForgottenWhenManyMoreAre) {
  resources_.began(kPid, "web", "");
  resources_.gone(kPid);
  EXPECT_EQ(service(), "web") << "its requests may still be told of";
  for (std::uint32_t i = 1; i <= Resources::kProcessesMax * 2; ++i) {
    resources_.began(100 + i, "job", "");
    resources_.gone(100 + i);
  }
  EXPECT_EQ(service(), "all");
  EXPECT_EQ(resources_.refused(), 0u);
}

class ServiceFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kolben-resources-XXXXXX";
    const int file = ::mkstemp(name);
    ASSERT_GE(file, 0);
    ::close(file);
    path_ = name;
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  Settings load(std::string_view resource) {
    std::ofstream(path_) << "file_format: \"1.0\"\nresource:\n" << resource << "\n";
    Settings settings = load_settings({{"OTEL_CONFIG_FILE", path_}, {"OTEL_SERVICE_NAME", "all"}});
    EXPECT_THAT(settings.mistakes, IsEmpty());
    return settings;
  }
  // The number of a program's resource that calls itself "web".
  std::uint32_t number_with(const std::string& attribute) {
    const Settings settings =
        load("  attributes:\n    - name: service.name\n      value: " + attribute);
    Resources resources(settings);
    resources.began(kPid, "web", "");
    return resources.of(kPid);
  }
  std::string path_;
};

TEST_F(ServiceFileTest, BesideAConfigurationFileAVariableCountsWhereItNamesIt) {
  EXPECT_EQ(number_with("fixed"), 0u);
  EXPECT_EQ(number_with("${OTEL_SERVICE_NAME}"), 1u);
}

TEST_F(ServiceFileTest, TheFileIsNotReadAgain) {
  const Settings settings =
      load("  attributes: [{name: service.name, value: \"${OTEL_SERVICE_NAME}\"}]");
  ::unlink(path_.c_str());
  Resources resources(settings);
  resources.began(kPid, "web\xff", "");
  Resource resource;
  Arena arena;
  resources.fill(resources.of(kPid), resource, arena);
  EXPECT_EQ(service_of(resource), "web\xef\xbf\xbd");
  EXPECT_EQ(resources.refused(), 0u);
  EXPECT_THAT(resources.take_warnings(), IsEmpty());
}

TEST_F(ServiceFileTest, WhatIsAMistakeThereIsCountedAndSaidOnce) {
  const Settings settings = load("  attributes_list: \"${OTEL_RESOURCE_ATTRIBUTES}\"");
  Resources resources(settings);
  resources.began(kPid, "", "nonsense");
  resources.began(8, "", "nonsense");
  EXPECT_EQ(resources.of(kPid), 0u);
  EXPECT_EQ(resources.refused(), 2u);
  EXPECT_THAT(
      resources.take_warnings(),
      ElementsAre(AllOf(StartsWith("process 7: "), HasSubstr("\"nonsense\" is not key=value"),
                        EndsWith("; told of as the launched program"))));
}

TEST_F(ServiceFileTest, ThatItNamesNoVariableIsSaidOnce) {
  const Settings settings = load("  attributes: [{name: service.name, value: shop}]");
  Resources resources(settings);
  std::size_t lines = 0;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    resources.began(i, "service " + std::to_string(i), "zone=a");
    lines += resources.take_warnings().size();
  }
  EXPECT_EQ(lines, 1u);
}

// What the recorder makes of it.
class OwnServiceTest : public RecorderTest {
 protected:
  void begins(std::uint32_t pid, std::string_view service) {
    ProcessStart fixed;
    fixed.service_name_size = static_cast<std::uint16_t>(service.size());
    handle(RecordBytes(RecordType::kProcessStart, pid).fixed(fixed).text(service));
  }
  // "service: span span"; of the first batch.
  std::vector<std::string> spans_by_service() {
    recorder_.tick(0, kTime + 1'000'000'000);
    std::vector<std::string> result;
    for (const ResourceSpans& owner : traces_.batches.at(0).traces().resources) {
      std::string text = service_of(owner.resource) + ":";
      for (const Span& span : owner.scopes[0].spans) text.append(" ").append(span.name);
      result.push_back(text);
    }
    return result;
  }
};

RecordBytes request(std::uint32_t pid, std::string_view path, std::uint8_t span) {
  TestExchange exchange;
  exchange.request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  exchange.self = context(0xab, span);
  return exchange_record(exchange, RecordType::kServerExchange, pid);
}

TEST_F(OwnServiceTest, SpansAreUnderTheServiceOfTheirProcess) {
  begins(1, "todo");
  begins(2, "web");
  handle(request(1, "/a", 1));
  handle(request(2, "/b", 2));
  handle(request(1, "/c", 3));
  EXPECT_THAT(spans_by_service(), ElementsAre("todo: GET /a GET /c", "web: GET /b"));
}

TEST_F(OwnServiceTest, ACommandIsUnderTheServiceOfTheProgramThatItBecame) {
  begins(2, "todo");
  Command command;
  command.start_time = kTime;
  command.self = context(0xab, 4);
  command.pid = 2;
  command.executable_size = 6;
  handle(RecordBytes(RecordType::kCommand, 2).fixed(command).text("/bin/a"));
  begins(2, "web");
  recorder_.process_gone(2, 0, kTime);
  EXPECT_THAT(spans_by_service(), ElementsAre("web: a"));
}

TEST_F(OwnServiceTest, LinesAreUnderItAlsoThoseThatEndWithTheirProcess) {
  begins(2, "web");
  Output output;
  output.time = kTime;
  output.file_descriptor = 1;
  output.bytes_size = 5;
  handle(RecordBytes(RecordType::kOutput, 2).fixed(output).text("hello"));
  handle(RecordBytes(RecordType::kOutput, 3).fixed(output).text("there"));
  recorder_.finish(0, kTime);
  std::vector<std::string> lines;
  for (const ResourceLogs& owner : logs_.batches.at(0).logs().resources) {
    for (const LogRecord& record : owner.scopes[0].records) {
      lines.push_back(service_of(owner.resource) + ": " + std::string(record.body.as_string()));
    }
  }
  EXPECT_THAT(lines, ElementsAre("web: hello", "todo: there"));
}

TEST_F(OwnServiceTest, WhatWasHeldIsUnderTheServiceThatSaidIt) {
  begins(2, "web");
  LogRecordHeader log;
  log.time = kTime;
  log.context = context(0xab, 9);
  log.context.flags |= kMayCome;
  log.body_size = 3;
  handle(RecordBytes(RecordType::kLog, 2).fixed(log).text("say"));
  begins(2, "worker");
  recorder_.finish(0, kTime);
  ASSERT_EQ(logs_.batches.size(), 1u);
  EXPECT_EQ(service_of(logs_.batches[0].logs().resources[0].resource), "web");
}

TEST_F(OwnServiceTest, EachServiceHasItsOwnSums) {
  begins(1, "todo");
  begins(2, "web");
  handle(request(1, "/a", 1));
  handle(request(2, "/a", 2));
  handle(request(2, "/a", 3));
  ActiveRequests active(1);
  active.add(recorder_.resources().of(2), false);
  active.add(recorder_.resources().of(2), false);
  recorder_.finish(active, kTime);
  std::vector<std::string> told;
  for (const ResourceMetrics& owner : metrics_.batches.at(0).metrics().resources) {
    for (const Metric& metric : owner.scopes[0].metrics) {
      const auto count = metric.kind == MetricKind::kHistogram
                             ? static_cast<std::int64_t>(metric.histogram_points[0].count)
                             : metric.number_points[0].value.integer;
      told.push_back(service_of(owner.resource) + " " + std::string(metric.name) + " " +
                     std::to_string(count));
    }
  }
  EXPECT_THAT(told, ElementsAre("todo http.server.duration 1", "todo http.server.active_requests 1",
                                "web http.server.duration 2", "web http.server.active_requests 2"));
}

// At the bound of what is held the last line of one program gives out another one's.
TEST_F(OwnServiceTest, WhatAnEndedProcessLeavesOpenIsItsOwn) {
  begins(2, "other");
  const auto may_come = [](std::uint8_t span) {
    Context of = context(0xab, span);
    of.flags |= kMayCome;
    return of;
  };
  handle(output_record("theirs\n", 1, 2, may_come(1)));
  std::string lines;
  for (std::size_t i = 1; i < HeldLogs::kItemsMax; ++i) lines += "a\n";
  handle(output_record(lines + "half", 1, 1, may_come(2)));
  TestPiece piece;
  piece.bytes = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
  handle(piece_record(piece));
  recorder_.process_ended(1);
  EXPECT_THAT(spans_by_service(), ElementsAre("todo: GET"));
}

}  // namespace
}  // namespace kolben::agent
