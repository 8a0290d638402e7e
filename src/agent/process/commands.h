// Commands: the spans of programs that do something and end (preload/process_context.h), by the
// semantic conventions for command line programs. A span is whole when its process has ended: with
// the exit code that the process told as its last word, or with what the kernel tells of one that
// was killed.
// Source: semantic-conventions, cli-spans.md.
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/process/records.h"
#include "base/arena.h"
#include "model/traces.h"

namespace kolben::agent {

// A command that has ended.
struct EndedCommand {
  Command fixed;
  std::string executable;  // the path
  std::string script;      // what it runs, where it is an interpreter
  // Nothing: unknown, or a server's start.
  std::optional<std::uint32_t> exit_code;
  int signal = 0;  // that killed it; 0: none, or unknown
  bool is_server = false;

  void set_signal(int number);
  // The value of error.type; empty: no error.
  std::string error_type() const;
};

// All but the links.
void build_command(const EndedCommand& command, Span& span, Arena& arena);

class Commands {
 public:
  // As many as ProcessWatch watches; what is beyond has no span and is counted.
  static constexpr std::size_t kOpenMax = 4096;

  explicit Commands(std::function<void(const EndedCommand&)> take) : take_(std::move(take)) {}

  void told(const CommandView& view);
  // The process's last word.
  void exited(std::uint32_t pid, const Exit& exit);
  // Its parent was told how it ended.
  void child_ended(const ChildEnded& child);
  // The process is gone. `wait_status` as of wait(2), where it is known: else its parent has
  // kParentNanos to say a word.
  void gone(std::uint32_t pid, std::optional<int> wait_status, std::uint64_t now);
  static constexpr std::uint64_t kParentNanos = 300'000'000;
  // Those whose parent said nothing.
  void tick(std::uint64_t now);
  // No more words come.
  void finish() { tick(~std::uint64_t{0}); }

  std::uint64_t dropped() const { return dropped_; }

 private:
  struct Open {
    Command fixed;
    std::string executable, script;
    std::uint64_t gone_time = 0;  // the process is gone, and nobody has said how
  };
  // A process whose end came before anybody told of its command: a background job's, say.
  struct Exited {
    std::uint32_t pid = 0;
    Exit exit;
  };
  static constexpr std::size_t kExitedMax = 256;

  void finish(std::uint32_t pid, EndedCommand ended, std::uint64_t end_time);
  const Exit* exit_of(const Command& command) const;

  const std::function<void(const EndedCommand&)> take_;
  std::unordered_map<std::uint32_t, Open> open_;  // by the process
  std::size_t gone_ = 0;                          // how many of them wait for their parent's word
  std::array<Exited, kExitedMax> exited_ = {};    // the last ones
  std::size_t exited_next_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace kolben::agent
