#include "agent/process/exporter.h"

#include <unistd.h>

#include <string>

namespace kolben::agent {
namespace {

class StderrMessages final : public Messages {
 public:
  void say(std::string_view line) override {
    std::string text(line);
    text += '\n';
    // Nobody is left to tell when this fails.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
};

}  // namespace

Messages& stderr_messages() {
  static StderrMessages messages;
  return messages;
}

}  // namespace kolben::agent
