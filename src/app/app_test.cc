#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <new>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>

#include "app/banner.h"
#include "app/built_in_config.h"
#include "app/cli/commands.h"
#include "app/configuration.h"
#include "app/last_words.h"
#include "app/ports_file.h"
#include "config/emit.h"

namespace kolben::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeEnvironment final : public config::Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::string> file(const std::string& path) const override {
    return not_found("reading " + path);
  }
  std::map<std::string, std::string> variables;
};

config::Node up(const ConfigurationOptions& options, const FakeEnvironment& environment = {}) {
  config::Errors errors;
  config::Node root = load_configuration(options, environment, errors);
  EXPECT_EQ(errors.to_string(), "");
  EXPECT_TRUE(errors.warnings().empty());
  return root;
}

std::string store_path(const config::Node& root) {
  return root.find("exporters")->find("store")->find("path")->text;
}
std::string zipkin_endpoint(const config::Node& root) {
  return root.find("receivers")->find("zipkin")->find("endpoint")->text;
}

TEST(Configuration, UpListensOnLocalhostAndKeepsDataInTheXdgDataHome) {
  FakeEnvironment environment;
  environment.variables = {{"HOME", "/home/anna"}};
  config::Node root = up({}, environment);
  EXPECT_EQ(store_path(root), "/home/anna/.local/share/kolben");
  EXPECT_EQ(zipkin_endpoint(root), "localhost:9411");
  environment.variables["XDG_DATA_HOME"] = "/data";
  EXPECT_EQ(store_path(up({}, environment)), "/data/kolben");
}

TEST(Configuration, FlagsWinOverVariables) {
  FakeEnvironment environment;
  environment.variables = {{"KOLBEN_LISTEN_HOST", "10.0.0.1"}, {"KOLBEN_DATA_DIR", "/env"}};
  EXPECT_EQ(zipkin_endpoint(up({}, environment)), "10.0.0.1:9411");
  EXPECT_EQ(store_path(up({}, environment)), "/env");
  ConfigurationOptions options;
  options.listen_host = "::1";
  options.data_dir = "/odd ${HOME} $$: path";
  const config::Node root = up(options, environment);
  EXPECT_EQ(zipkin_endpoint(root), "[::1]:9411");
  EXPECT_EQ(store_path(root), "/odd ${HOME} $$: path");
}

TEST(Configuration, AnyPortMayBeSet) {
  ConfigurationOptions options;
  options.sets = {"receivers.otlp.protocols.grpc.endpoint=localhost:0"};
  EXPECT_THAT(config::to_yaml(up(options)), HasSubstr("endpoint: localhost:0\n"));
}

TEST(PortsFile, IsJsonAndWrittenWhole) {
  EXPECT_EQ(ports_json(7, {{"otlp/grpc", "localhost", 4317}, {"a\"b", "", 1}}),
            "{\"pid\":7,\"ports\":{\"otlp/grpc\":4317,\"a\\\"b\":1}}\n");
  const std::string path = ::testing::TempDir() + "ports-" + std::to_string(getpid()) + ".json";
  ASSERT_TRUE(write_ports_file(path, {{"x", "localhost", 5}}).is_ok());
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), ports_json(getpid(), {{"x", "localhost", 5}}));
  std::remove(path.c_str());
  EXPECT_THAT(std::string(write_ports_file("/nowhere/x.json", {}).message()),
              HasSubstr("/nowhere/x.json"));
}

TEST(Banner, NamesWhereToGo) {
  const std::string text =
      banner({{"otlp/grpc", "127.0.0.1", 4317}, {"query", "0.0.0.0", 16686}, {"odd", "x", 1}});
  EXPECT_THAT(text, HasSubstr("open          http://localhost:16686\n"));
  EXPECT_THAT(text, HasSubstr("http://localhost:4317 (gRPC)"));
  EXPECT_THAT(text, Not(HasSubstr("odd")));
  EXPECT_EQ(page_address({{"query", "::", 16686}}), "http://localhost:16686");
  EXPECT_EQ(page_address({{"otlp/grpc", "::", 4317}}), "");
}

// What a command line prints on stderr, and its exit code.
std::pair<int, std::string> command_line(std::vector<std::string> words) {
  words.insert(words.begin(), "kolben");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const int code = run_command_line(static_cast<int>(argv.size()), argv.data());
  const std::string out = ::testing::internal::GetCapturedStdout();
  return {code, ::testing::internal::GetCapturedStderr() + out};
}

TEST(CommandLine, WrongWordsAreNamedWithTheNearestRightOne) {
  const auto f = [](std::vector<std::string> words, std::string_view want) {
    const auto [code, text] = command_line(std::move(words));
    EXPECT_EQ(code, 2);
    EXPECT_THAT(text, StartsWith(std::string(want)));
  };
  f({"upp"}, "kolben: unknown command \"upp\" (did you mean \"up\"?)\n");
  f({"config", "sow"}, "kolben: unknown command \"sow\" (did you mean \"show\"?)\n");
  f({"up", "--confg", "x"},
    "kolben: unknown option \"--confg\" (did you mean \"--config\"?)\n"
    "Run \"kolben up --help\" for its options.\n");
  f({"collector"}, "kolben: --config is required");
  f({"up", "--data"}, "kolben: --data");
  f({"store", "export"}, "kolben: signal is required\nRun \"kolben store export --help\"");
  f({}, "Shows what your software does");
  f({"config"}, "Show or check the configuration");
}

TEST(CommandLine, HelpAndVersionSucceed) {
  EXPECT_EQ(command_line({"--help"}).first, 0);
  EXPECT_EQ(command_line({"help"}), command_line({"--help"}));
  EXPECT_THAT(command_line({"--help"}).second, HasSubstr("collector"));
  EXPECT_THAT(command_line({"version"}).second, StartsWith("kolben "));
  EXPECT_EQ(command_line({"version"}).first, 0);
}

TEST(CommandLine, ConfigShowPrintsTheConfigurationInForce) {
  const auto [code, text] = command_line(
      {"config", "show", "--data", "/d", "--set", "exporters.otlp.headers.authorization=Bearer x"});
  EXPECT_EQ(code, 0);
  EXPECT_THAT(text, HasSubstr("    path: /d\n"));
  EXPECT_THAT(text, HasSubstr("authorization: \"[REDACTED]\"\n"));
}

TEST(CommandLine, ConfigCheckTellsMistakesAndFails) {
  const auto [code, text] =
      command_line({"config", "check", "--no-built-in", "--config", "yaml:recievers: {}"});
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, HasSubstr("--config yaml::1:1: unknown key \"recievers\" (did you mean "
                              "\"receivers\"?)\n"));
}

TEST(CommandLine, AFileThatIsNotThereIsNamed) {
  const auto [code, text] = command_line({"collector", "--config", "/nowhere.yaml"});
  EXPECT_EQ(code, 1);
  EXPECT_EQ(text, "reading /nowhere.yaml: No such file or directory\n");
}

TEST(LastWordsDeathTest, NameTheReason) {
  const auto end_by = [](auto exception) {
    say_last_words();
    std::thread([exception] { throw exception; }).join();
  };
  EXPECT_DEATH(end_by(std::bad_alloc()), "kolben: ended: the system gives no more memory");
  EXPECT_DEATH(end_by(std::system_error(EAGAIN, std::generic_category())),
               "temporarily unavailable .*ulimit -u");
}

}  // namespace
}  // namespace kolben::app
