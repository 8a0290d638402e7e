#include "agent/process/exporter.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>

namespace kolben::agent {
namespace {

bool is_control(char c) {
  return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f';
}

class StderrMessages final : public Messages {
 public:
  void warn(std::string_view line) override {
    if (level == LogLevel::kAll) say(line);
  }
  void say(std::string_view line) override {
    const TerminalPlace place = terminal ? terminal->place() : TerminalPlace::kAsItIs;
    if (level == LogLevel::kNothing || place == TerminalPlace::kNowhere) return;
    std::string text(line);
    // What a server said may be part of it, and shall not move the terminal's cursor.
    std::replace_if(text.begin(), text.end(), is_control, ' ');
    text += "\n";
    // Once: what is said next begins where this has ended.
    if (place == TerminalPlace::kOwnLine && !has_left_prompt.exchange(true)) text.insert(0, "\r\n");
    // Nobody is left to tell when this fails.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
  LogLevel level = LogLevel::kAll;
  std::optional<Terminal> terminal;
  std::atomic<bool> has_left_prompt{false};
};

StderrMessages& the_messages() {
  static StderrMessages messages;
  return messages;
}

}  // namespace

Messages& stderr_messages() {
  return the_messages();
}

void set_terminal(const Terminal& terminal) {
  the_messages().terminal = terminal;
}

void set_log_level(LogLevel level) {
  the_messages().level = level;
}

}  // namespace kolben::agent
