#include "agent/process/exporter.h"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>

#include "agent/process/shown_line.h"

namespace kolben::agent {
namespace {

class StderrMessages final : public Messages {
 public:
  void warn(std::string_view line) override {
    if (level == LogLevel::kAll) say(line);
  }
  void say(std::string_view line) override {
    const TerminalPlace place = terminal ? terminal->place() : TerminalPlace::kAsItIs;
    if (level == LogLevel::kNothing || place == TerminalPlace::kNowhere) return;
    std::string text = shown_line(line) + "\n";
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
