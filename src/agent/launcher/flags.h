// The command line of opentelemetry-instrument, as Python's launcher understands it: one flag for
// each OTEL_* variable, with one value; `--flag value`, `--flag=value`, unique abbreviations; what
// follows the command belongs to the command. A flag of our own that is true or false needs no
// value: `--flag`. Of OTEL_PYTHON_X and KOLBEN_AGENT_X the flag is x, and python_x or agent_x, too.
//
// No C++ library (the launcher links libc alone), no allocation: results point into argv.
#pragma once

#include <cstddef>

namespace kolben::agent {

struct Flag {
  const char* name;      // "service_name"
  const char* variable;  // "OTEL_SERVICE_NAME"
  const char* help;      // a few words; null: accepted without effect
  // False: Python's launchers have none of this name, and it makes no abbreviation of theirs
  // ambiguous.
  bool is_pythons = true;
};

// The flag that needs no value.
inline constexpr char kBodySizesFlag[] = "http_body_sizes";

// All flags, sorted as the help shows them.
const Flag* flags_begin();
const Flag* flags_end();

enum class CommandLineResult { kRun, kHelp, kVersion, kError };

struct CommandLine {
  // More flags than there are variables make no sense; the last one of a name wins.
  static constexpr std::size_t kSettingsMax = 256;
  struct Setting {
    const Flag* flag;
    const char* value;
  };

  CommandLineResult result = CommandLineResult::kRun;
  Setting settings[kSettingsMax] = {};
  std::size_t setting_count = 0;
  char** command = nullptr;    // the program and its arguments, null-terminated
  bool has_separator = false;  // "--" before it
  char error[1024] = {};       // for kError: a sentence without a full stop
  // Where the command is wrong, what may be the reason: "; --sdk_disabled has taken ..."
  char hint[256] = {};
};

// `argv` as main() gets it. Always fills `line`.
void parse_command_line(int argc, char** argv, CommandLine* line);

// A flag among the command's own arguments that hardly is meant for it; null: none.
const char* misplaced_flag(char* const* command);

}  // namespace kolben::agent
