#include "agent/launcher/flags.h"

#include <strings.h>

#include <cstdio>
#include <cstring>

#include "agent/launcher/exporter_names.h"

namespace kolben::agent {
namespace {

struct Flags {
  const Flag* begin() const { return flags_begin(); }
  const Flag* end() const { return flags_end(); }
};

Flags all_flags() {
  return {};
}

// What a name on the command line stands for.
struct Match {
  const Flag* flag = nullptr;
  bool help = false;
  bool version = false;
  int count = 0;
};

bool is_prefix(const char* name, std::size_t size, const char* whole) {
  return std::strncmp(name, whole, size) == 0;
}

bool is_whole(const char* name, std::size_t size, const char* whole) {
  return is_prefix(name, size, whole) && whole[size] == '\0';
}

// "python_excluded_urls", "agent_command_spans": the variable's name without its first word.
bool is_long_name(const char* name, std::size_t size, const Flag& flag) {
  const char* rest = std::strchr(flag.variable, '_') + 1;
  return std::strlen(rest) == size && strncasecmp(name, rest, size) == 0 &&
         std::strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= size;
}

Match match_whole(const char* name, std::size_t size) {
  for (const Flag& flag : all_flags()) {
    if (is_whole(name, size, flag.name) || is_long_name(name, size, flag)) {
      return {.flag = &flag, .help = false, .version = false, .count = 1};
    }
  }
  return {};
}

// The flags of Python's launchers, and its "--help", or those that only we have.
Match match_beginning(const char* name, std::size_t size, bool is_pythons) {
  Match result;
  for (const Flag& flag : all_flags()) {
    if (flag.is_pythons != is_pythons || !is_prefix(name, size, flag.name)) continue;
    result.flag = &flag;
    ++result.count;
  }
  result.help = is_pythons && is_prefix(name, size, "help");
  result.version = is_pythons && is_prefix(name, size, "version");
  result.count += (result.help ? 1 : 0) + (result.version ? 1 : 0);
  return result;
}

// What is an abbreviation to Python's launchers stays one: ours count where there are none of
// theirs.
Match match(const char* name, std::size_t size) {
  Match result = match_whole(name, size);
  if (result.count == 0) result = match_beginning(name, size, true);
  if (result.count == 0) result = match_beginning(name, size, false);
  return result;
}

void fail(CommandLine* line, const char* format, const char* name) {
  line->result = CommandLineResult::kError;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  std::snprintf(line->error, sizeof(line->error), format, name);
#pragma GCC diagnostic pop
}

// "ambiguous option: --exporter could match --exporter_otlp_endpoint, ..."
void fail_ambiguous(CommandLine* line, const char* name, std::size_t size, bool is_pythons) {
  line->result = CommandLineResult::kError;
  int used = std::snprintf(line->error, sizeof(line->error), "ambiguous option: --%.*s could match",
                           static_cast<int>(size), name);
  const char* separator = " --";
  for (const Flag& flag : all_flags()) {
    if (flag.is_pythons != is_pythons || !is_prefix(name, size, flag.name)) continue;
    if (used < 0 || static_cast<std::size_t>(used) >= sizeof(line->error)) return;
    const auto room = sizeof(line->error) - static_cast<std::size_t>(used);
    used += std::snprintf(line->error + used, room, "%s%s", separator, flag.name);
    separator = ", --";
  }
}

bool is_negative_number(const char* text) {
  if (*text++ != '-' || *text == '\0') return false;
  return text[std::strspn(text, "0123456789.")] == '\0';
}

// argparse takes nothing that looks like another flag for a value.
bool is_value(const char* text) {
  return text != nullptr && (text[0] != '-' || text[1] == '\0' || is_negative_number(text) ||
                             std::strchr(text, ' ') != nullptr);
}

bool is_boolean_value(const char* text) {
  return text != nullptr && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0);
}

bool ends_with(const char* text, const char* end) {
  const std::size_t size = std::strlen(text);
  const std::size_t end_size = std::strlen(end);
  return size > end_size && std::strcmp(text + size - end_size, end) == 0;
}

// What is true or false, and wants a value as in Python's launcher.
bool is_boolean(const Flag& flag) {
  return std::strcmp(flag.name, "sdk_disabled") == 0 ||
         std::strcmp(flag.name, "log_correlation") == 0 || ends_with(flag.name, "_insecure") ||
         ends_with(flag.name, "_enabled");
}

// The word that stands behind a flag may have been meant as the command.
void note_taken(const Flag& flag, const char* value, CommandLine* line) {
  std::snprintf(line->hint, sizeof(line->hint), "; --%s has taken \"%.*s\" for its value%s%s%s",
                flag.name, 64, value, is_boolean(flag) ? ": write --" : "",
                is_boolean(flag) ? flag.name : "", is_boolean(flag) ? "=true" : "");
}

// False: the agent has no such exporter.
bool accepts(const Flag& flag, const char* value, CommandLine* line) {
  ExporterFault fault;
  if (!is_exporter_variable(flag.variable) || !find_exporter_fault(flag.variable, value, &fault))
    return true;
  fail(line, "argument --%s: ", flag.name);
  const std::size_t used = std::strlen(line->error);
  describe(fault, line->error + used, sizeof(line->error) - used);
  return false;
}

// How many letters of a word have to change for the other one, of which '-' is '_'.
std::size_t edit_distance(const char* word, std::size_t size, const char* other) {
  constexpr std::size_t kBytesMax = 64;
  const std::size_t other_size = std::strlen(other);
  if (size > kBytesMax || other_size > kBytesMax) return kBytesMax;
  std::size_t row[kBytesMax + 1];
  for (std::size_t i = 0; i <= other_size; ++i) row[i] = i;
  for (std::size_t i = 1; i <= size; ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    const char c = word[i - 1] == '-' ? '_' : word[i - 1];
    for (std::size_t k = 1; k <= other_size; ++k) {
      const std::size_t replaced = diagonal + (c == other[k - 1] ? 0 : 1);
      diagonal = row[k];
      const std::size_t moved = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
      row[k] = replaced < moved ? replaced : moved;
    }
  }
  return row[other_size];
}

// "service_name" for "servce_name", "service-name". Null: no flag is so near.
const char* nearest_flag(const char* name, std::size_t size) {
  constexpr std::size_t kWrongLettersMax = 2;
  std::size_t best = size / 3 < kWrongLettersMax ? size / 3 : kWrongLettersMax;
  const char* nearest = nullptr;
  const auto look_at = [&](const char* other) {
    const std::size_t distance = edit_distance(name, size, other);
    if (distance > best || (nearest != nullptr && distance == best)) return;
    best = distance;
    nearest = other;
  };
  for (const Flag& flag : all_flags()) look_at(flag.name);
  look_at("help");
  look_at("version");
  return nearest;
}

void fail_unknown(CommandLine* line, const char* argument, const char* name, std::size_t size) {
  fail(line, "unrecognized arguments: %s", argument);
  const char* meant = nearest_flag(name, size);
  const std::size_t used = std::strlen(line->error);
  if (meant == nullptr) return;
  std::snprintf(line->error + used, sizeof(line->error) - used, "; did you mean --%s?", meant);
}

// Takes the flag at `*position`; false: stop.
bool take_flag(char** argv, int* position, CommandLine* line) {
  const char* name = argv[*position] + 2;
  const char* equals = std::strchr(name, '=');
  const std::size_t size =
      equals == nullptr ? std::strlen(name) : static_cast<std::size_t>(equals - name);
  const Match found = match(name, size);
  if (found.count == 0) {
    fail_unknown(line, argv[*position], name, size);
    return false;
  }
  if (found.count > 1) {
    fail_ambiguous(line, name, size, found.flag->is_pythons);
    return false;
  }
  if (found.help || found.version) {
    line->result = found.help ? CommandLineResult::kHelp : CommandLineResult::kVersion;
    return false;
  }
  const char* value = equals == nullptr ? argv[*position + 1] : equals + 1;
  int words = equals == nullptr ? 2 : 1;
  const bool is_switch = std::strcmp(found.flag->name, kBodySizesFlag) == 0;
  // "true CMD" is a value and the command, "true" alone a command.
  const bool has_value =
      is_boolean_value(value) && (equals != nullptr || argv[*position + 2] != nullptr);
  if (is_switch && equals == nullptr && !has_value) {
    value = "true";
    words = 1;
  } else if (equals == nullptr && !is_value(value)) {
    fail(line, "argument --%s: expected one argument", found.flag->name);
    return false;
  }
  if (line->setting_count == CommandLine::kSettingsMax) {
    fail(line, "too many flags: %s", argv[*position]);
    return false;
  }
  if (!accepts(*found.flag, value, line)) return false;
  line->settings[line->setting_count++] = {found.flag, value};
  // A boolean that has no boolean value is odd, whatever comes behind it.
  const bool is_odd = is_boolean(*found.flag) && !is_boolean_value(value);
  if (words == 2 && (is_odd || argv[*position + 2] == nullptr)) {
    note_taken(*found.flag, value, line);
  }
  *position += words;
  return true;
}

}  // namespace

const char* misplaced_flag(char* const* command) {
  // Other programs have a --log_level or a --config_file of their own.
  constexpr const char* kOurs[] = {
      "exporter_otlp_",   "exporter_prometheus_", "exporter_zipkin_", "logs_exporter",
      "metrics_exporter", "resource_attributes",  "service_name",     "traces_"};
  constexpr int kLookedAtMax = 100;
  for (int i = 0; i < kLookedAtMax && command[i] != nullptr; ++i) {
    const char* slash = std::strrchr(command[i], '/');
    // What follows another launcher is that one's.
    if (std::strcmp(slash == nullptr ? command[i] : slash + 1, "opentelemetry-instrument") == 0) {
      return nullptr;
    }
    if (i == 0 || std::strncmp(command[i], "--", 2) != 0) continue;
    if (command[i][2] == '\0') return nullptr;  // what comes is no option of anybody
    const char* name = command[i] + 2;
    const std::size_t size = std::strcspn(name, "=");
    for (const char* begin : kOurs) {
      if (std::strncmp(name, begin, std::strlen(begin)) != 0) continue;
      for (const Flag& flag : all_flags()) {
        if (is_whole(name, size, flag.name)) return flag.name;
      }
    }
  }
  return nullptr;
}

void parse_command_line(int argc, char** argv, CommandLine* line) {
  int position = 1;
  while (position < argc) {
    const char* argument = argv[position];
    if (std::strcmp(argument, "--") == 0) {
      line->has_separator = true;
      ++position;
      break;
    }
    if (std::strcmp(argument, "-h") == 0) {
      line->result = CommandLineResult::kHelp;
      return;
    }
    if (argument[0] != '-' || argument[1] == '\0') break;
    if (argument[1] != '-') return fail(line, "unrecognized arguments: %s", argument);
    if (!take_flag(argv, &position, line)) return;
  }
  if (position >= argc) {
    fail(line, "the following arguments are required: command, command_args%s", line->hint);
    return;
  }
  line->command = argv + position;
}

}  // namespace kolben::agent
