#include "agent/process/exporter.h"

#include <unistd.h>

#include <string>

namespace kolben::agent {
namespace {

class StderrMessages final : public Messages {
 public:
  void warn(std::string_view line) override {
    if (level == LogLevel::kAll) say(line);
  }
  void say(std::string_view line) override {
    if (level == LogLevel::kNothing) return;
    std::string text(line);
    text += '\n';
    // Nobody is left to tell when this fails.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
  LogLevel level = LogLevel::kAll;
};

StderrMessages& the_messages() {
  static StderrMessages messages;
  return messages;
}

}  // namespace

Messages& stderr_messages() {
  return the_messages();
}

void set_log_level(LogLevel level) {
  the_messages().level = level;
}

}  // namespace kolben::agent
