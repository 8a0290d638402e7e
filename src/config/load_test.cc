#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>

#include "config/emit.h"
#include "config/yaml.h"

namespace kolben::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  }
  Result<std::string> file(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return not_found("reading " + path + ": No such file or directory");
    return found->second;
  }
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
};

class Load : public ::testing::Test {
 protected:
  std::string merged(std::vector<std::string> texts, std::vector<std::string> sets = {}) {
    std::vector<Source> sources;
    int number = 0;
    for (const std::string& text : texts) {
      sources.push_back(text_source(text, "f" + std::to_string(number++) + ".yaml", errors));
    }
    for (const std::string& set : sets) sources.push_back(set_source(set, errors));
    root = load(std::move(sources), environment, errors);
    return to_yaml(root);
  }

  FakeEnvironment environment;
  Errors errors;
  Node root;
};

TEST_F(Load, WhatIsMissingBelongsIntoTheFirstFile) {
  merged({"a: 1", "b: 2"});
  EXPECT_EQ(root.location.file, "f0.yaml");
  EXPECT_EQ(root.location.line, 1);
}

TEST_F(Load, MapsMergeListsAndScalarsAreReplaced) {
  EXPECT_EQ(merged({"a: {x: 1, y: [1, 2]}\nb: 1\n", "a: {y: [3], z: 2}\n", "b: {c: 1}\n"}),
            "a:\n  x: 1\n  y:\n    - 3\n  z: 2\nb:\n  c: 1\n");
}

TEST_F(Load, AnExplicitNullOverrides) {
  EXPECT_EQ(merged({"a: {x: 1}\n", "a:\n"}), "a:\n");
  EXPECT_EQ(merged({"a: {x: 1}\n", "a: {}\n"}), "a:\n  x: 1\n");
}

TEST_F(Load, TheLocationIsOfTheFileThatWon) {
  merged({"a: {x: 1}\n", "\na:\n  x: 2\n"});
  EXPECT_EQ(root.find("a")->find("x")->location.to_string(), "f1.yaml:3:6");
}

TEST_F(Load, SetTakesDotsOrColons) {
  EXPECT_EQ(merged({"a: {b: 1}\n"}, {"a.b=2", "a::c.d=[x, y]", "e.f="}),
            "a:\n  b: 2\n  c.d:\n    - x\n    - y\ne:\n  f:\n");
  EXPECT_EQ(root.find("a")->find("b")->location.to_string(), "--set a.b");
}

TEST_F(Load, SetWithoutEqualSignIsRefused) {
  merged({}, {"a.b"});
  EXPECT_EQ(errors.to_string(), "--set a.b: missing equal sign: want key=value\n");
}

TEST_F(Load, VariablesKeepTheirTextAndTakeTheirType) {
  environment.variables = {{"N", "0123"}, {"LIST", "[a, b]"}, {"MAP", "{k: v}"}, {"T", "a: b: c"}};
  EXPECT_EQ(merged({"n: ${env:N}\nm: ${N}\nin: x${N}y\nl: ${env:LIST}\nmap: ${MAP}\nt: ${T}\n"}),
            "n: 0123\nm: 0123\nin: x0123y\nl:\n  - a\n  - b\nmap:\n  k: v\nt: \"a: b: c\"\n");
  EXPECT_TRUE(errors.empty()) << errors.to_string();
}

TEST_F(Load, UnsetVariablesWarnAndAreNull) {
  merged({"a: ${env:NOPE}\nb: Bearer ${NOPE}\n"});
  EXPECT_EQ(root.find("a")->kind, NodeKind::kNull);
  EXPECT_EQ(root.find("b")->text, "Bearer ");
  EXPECT_TRUE(errors.empty());
  EXPECT_THAT(errors.warnings(),
              ElementsAre("f0.yaml:1:4: environment variable NOPE is not set; the value is empty",
                          "f0.yaml:2:4: environment variable NOPE is not set; the value is empty"));
}

TEST_F(Load, DefaultsStandInForUnsetVariables) {
  environment.variables = {{"SET", "1"}, {"NAME", "SET"}};
  EXPECT_EQ(merged({"a: ${env:NOPE:-7}\nb: ${NOPE:-x:y}\nc: ${SET:-2}\nd: ${env:${env:NAME}}\n"
                    "e: ${env:NOPE:-${env:SET}}\nf: \"${env:NOPE:-}\"\n"}),
            "a: 7\nb: x:y\nc: 1\nd: 1\ne: 1\nf: \"\"\n")
      << errors.to_string();
  EXPECT_THAT(errors.warnings(), IsEmpty());
}

TEST_F(Load, DollarsAreEscapedByDoubling) {
  environment.variables = {{"X", "v"}};
  merged({"a: $$X\nb: $X\nc: $${X}\nd: $$${X}\ne: a$\nf: \"${X\"\n"});
  EXPECT_EQ(root.find("a")->text, "$X");
  EXPECT_EQ(root.find("b")->text, "$X");
  EXPECT_EQ(root.find("c")->text, "${X}");
  EXPECT_EQ(root.find("d")->text, "$v");
  EXPECT_EQ(root.find("e")->text, "a$");
  EXPECT_EQ(root.find("f")->text, "${X");
}

TEST_F(Load, FilesAndYamlExpand) {
  environment.files = {{"token", "secret\n"}, {"part.yaml", "timeout: ${env:T}\n"}};
  environment.variables = {{"T", "5s"}};
  EXPECT_EQ(merged({"a: Bearer ${file:token}\nb: ${file:part.yaml}\nc: \"${yaml:k: v}\"\n"}),
            "a: Bearer secret\nb:\n  timeout: 5s\nc:\n  k: v\n");
  EXPECT_EQ(root.find("b")->location_of("timeout").to_string(), "part.yaml:1:1");
}

TEST_F(Load, MistakesInExpansionsNameTheirPlace) {
  merged({"a: ${file:nowhere}\nb: ${env:1X}\nc: ${s3:bucket}\n"});
  EXPECT_THAT(errors.messages(),
              ElementsAre(HasSubstr("f0.yaml:1:4: expanding ${file:nowhere}: reading nowhere"),
                          HasSubstr("f0.yaml:2:4: environment variable \"1X\" has an invalid name"),
                          HasSubstr("f0.yaml:3:4: expanding ${s3:bucket}: scheme \"s3\"")));
}

TEST_F(Load, ValuesThatContainThemselvesEnd) {
  environment.variables = {{"A", "x${env:A}"}, {"B", "${env:B}${env:B}${env:B}"}, {"C", "${C}"}};
  merged({"a: ${env:A}\n"});
  EXPECT_THAT(errors.to_string(), HasSubstr("too many recursive expansions"));
  merged({"b: ${env:B}\nc: ${env:C}\n"});
}

TEST_F(Load, ExpansionBehindAnOverrideIsNotLookedAt) {
  merged({"a: ${env:NOPE}\n", "a: 1\n"});
  EXPECT_THAT(errors.warnings(), IsEmpty());
}

TEST_F(Load, SourcesByUri) {
  environment.files = {{"k.yaml", "a: 1\n"}, {"empty.yaml", "# nothing\n"}};
  environment.variables = {{"CONFIG", "b: 2\n"}};
  std::vector<Source> sources;
  for (const char* uri : {"k.yaml", "file:k.yaml", "env:CONFIG", "yaml:c: 3"}) {
    sources.push_back(read_source(uri, environment, errors));
  }
  EXPECT_EQ(to_yaml(load(std::move(sources), environment, errors)), "a: 1\nb: 2\nc: 3\n");
  read_source("empty.yaml", environment, errors);
  read_source("nowhere.yaml", environment, errors);
  EXPECT_THAT(errors.messages(), ElementsAre("empty.yaml: empty configuration file",
                                             "reading nowhere.yaml: No such file or directory"));
}

// It would be waited for.
TEST(LoadFiles, AFifoThatNobodyWritesToIsEmpty) {
  char directory[] = "/tmp/kolben-config-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Errors errors;
  read_source(path, process_environment(), errors);
  EXPECT_THAT(errors.messages(), ElementsAre(path + ": empty configuration file"));
  ::unlink(path.c_str());
  ::rmdir(directory);
}

}  // namespace
}  // namespace kolben::config
