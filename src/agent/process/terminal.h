// Terminal: where a line may be written when messages go to a terminal. The agent process outlives
// the program, and nobody waits for it: when it tells what was lost, a shell may have shown its
// prompt, or a person may be within an editor. (The agent process is in a session of its own, so
// the kernel does not tell it whose turn the terminal is; /proc does.) Any thread.
#pragma once

#include <cstdint>

namespace kolben::agent {

enum class TerminalPlace : std::uint8_t {
  kAsItIs,   // no terminal, or the program has it still
  kOwnLine,  // the shell shows its prompt: a line is to begin first
  kNowhere,  // another program fills the screen
};

class Terminal {
 public:
  // `file`: where messages go. `program`: whose they are. `group`, `session`: of the program, which
  // may have ended; 0: it has no terminal, or `file` is another one.
  Terminal(int file, std::uint32_t program, std::uint32_t group, std::uint32_t session);

  TerminalPlace place() const;

 private:
  bool has_program_ended() const;

  int file_;
  std::uint32_t program_;
  std::uint32_t group_;
  std::uint32_t session_;
};

}  // namespace kolben::agent
