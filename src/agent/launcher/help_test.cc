#include "agent/launcher/help.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "agent/launcher/flags.h"

namespace kolben::agent {
namespace {

std::string help() {
  char* text = nullptr;
  std::size_t size = 0;
  FILE* to = open_memstream(&text, &size);
  print_help(to);
  fclose(to);
  std::string result(text, size);
  free(text);
  return result;
}

// With its dashes, followed by what is no part of a name.
std::size_t place_of(const std::string& text, const std::string& flag) {
  const std::string name = "--" + flag;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const char after = text[at + name.size()];
    if (after == ' ' || after == '\n' || after == ',' || after == '.') return at;
  }
  return std::string::npos;
}

TEST(Help, EachOptionIsThereOrIsAnExportersForOneSignal) {
  const std::string text = help();
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    std::string name = flag->name;
    for (const std::string signal : {"traces_", "metrics_", "logs_"}) {
      const std::string head = "exporter_otlp_" + signal;
      if (name.rfind(head, 0) == 0 && place_of(text, name) == std::string::npos) {
        name.erase(14, signal.size());
      }
    }
    EXPECT_NE(place_of(text, name), std::string::npos) << flag->name;
  }
}

TEST(Help, WhatMattersComesFirstAndWhatHasNoEffectLast) {
  const std::string text = help();
  const std::size_t without_effect = text.find("accepted without effect:");
  ASSERT_NE(without_effect, std::string::npos);
  EXPECT_LT(place_of(text, "traces_exporter"), place_of(text, "bsp_max_queue_size"));
  EXPECT_LT(place_of(text, "bsp_max_queue_size"), without_effect);
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    if (flag->help != nullptr) continue;
    EXPECT_GT(place_of(text, flag->name), without_effect) << flag->name;
  }
}

TEST(Help, ConventionsThatMayBeChosenAreNamed) {
  const std::string text = help();
  const std::size_t at = place_of(text, "semconv_stability_opt_in");
  ASSERT_NE(at, std::string::npos);
  const std::string shown = text.substr(at, text.find("--", at + 2) - at);
  for (const char* convention : {"http", "database", "rpc", "/dup"}) {
    EXPECT_NE(shown.find(convention), std::string::npos) << convention;
  }
}

TEST(Help, TheTextOfALongOptionIsBelowIt) {
  const std::string text = help();
  const std::string indent(34, ' ');
  EXPECT_NE(text.find("\n  --log_level                     info, error or none"),
            std::string::npos);
  EXPECT_NE(text.find("\n  --exporter_otlp_metrics_default_histogram_aggregation\n" + indent +
                      "explicit_bucket_histogram or base2_exponential_bucket_histogram\n" + indent +
                      "(the former)\n"),
            std::string::npos);
}

TEST(Help, SaysWhereMoreStands) {
  const std::string end = "docs/agent-settings.md.\n";
  EXPECT_EQ(help().rfind(end), help().size() - end.size());
}

TEST(Help, FitsATerminal) {
  const std::string text = help();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - begin, 100u) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

}  // namespace
}  // namespace kolben::agent
