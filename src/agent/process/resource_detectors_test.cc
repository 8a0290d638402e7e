#include "agent/process/resource_detectors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

namespace kolben::agent {
namespace {

std::map<std::string, std::string> detect(const std::vector<std::string>& names) {
  const DetectedResource found = detect_resource(names, static_cast<std::uint32_t>(::getpid()));
  std::map<std::string, std::string> all(found.texts.begin(), found.texts.end());
  for (const auto& [key, value] : found.numbers) all[key] = std::to_string(value);
  return all;
}

TEST(ResourceDetectors, Process) {
  auto found = detect({"process"});
  EXPECT_EQ(found["process.pid"], std::to_string(::getpid()));
  EXPECT_EQ(found["process.parent_pid"], std::to_string(::getppid()));
  EXPECT_EQ(found["process.executable.name"], "kolben_agent_process_test");
  EXPECT_TRUE(found["process.executable.path"].ends_with("/kolben_agent_process_test"));
  EXPECT_FALSE(found["process.owner"].empty());
  EXPECT_EQ(found["process.command"].find(' '), std::string::npos);
  EXPECT_EQ(found.count("process.command_args"), 0u) << "arguments may hold secrets";
}

TEST(ResourceDetectors, OsAndHost) {
  auto found = detect({"os", "host"});
  EXPECT_EQ(found["os.type"], "linux");
  char name[256] = {};
  ASSERT_EQ(::gethostname(name, sizeof name - 1), 0);
  EXPECT_EQ(found["host.name"], name);
  EXPECT_EQ(found.count("process.pid"), 0u);
}

TEST(ResourceDetectors, ServiceInstanceIsARandomUuid) {
  auto found = detect({"service_instance"});
  const std::string id = found["service.instance.id"];
  ASSERT_EQ(id.size(), 36u);
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(detect({"service_instance"})["service.instance.id"], id);
}

TEST(ResourceDetectors, AllByAStarAndNoneByOtel) {
  auto found = detect({"*"});
  for (const char* key : {"process.pid", "os.type", "host.arch", "service.instance.id"}) {
    EXPECT_EQ(found.count(key), 1u) << key;
  }
  EXPECT_TRUE(detect({"otel"}).empty());
  EXPECT_TRUE(is_resource_detector("otel"));
  EXPECT_FALSE(is_resource_detector("container"));
}

TEST(ResourceDetectors, AProcessThatIsGoneTellsItsPidAlone) {
  const DetectedResource found = detect_resource({"process"}, 0x3fffff);
  EXPECT_TRUE(found.texts.empty());
  EXPECT_EQ(found.numbers.size(), 1u);
}

}  // namespace
}  // namespace kolben::agent
