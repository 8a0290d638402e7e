#include "agent/process/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace kolben::agent {
namespace {

// Of /proc/PID/stat, see proc(5).
struct ProcessStatus {
  char state = 0;
  std::uint32_t group = 0;
  std::uint32_t foreground = 0;  // the group whose turn the terminal is
};

// 0 for what is no positive number.
std::uint32_t take_number(std::string_view& text) {
  std::uint32_t number = 0;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(std::min(text.find(' '), text.size()));
  return number;
}

std::optional<ProcessStatus> status_of(std::uint32_t pid) {
  char bytes[1024];
  const int file = ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const ssize_t size = ::read(file, bytes, sizeof(bytes));
  ::close(file);
  std::string_view text(bytes, size < 0 ? 0 : static_cast<std::size_t>(size));
  const std::size_t name_end = text.rfind(") ");  // a name may have any character
  if (name_end == std::string_view::npos || name_end + 4 > text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  ProcessStatus status;
  status.state = text.front();
  text.remove_prefix(1);
  take_number(text);  // the parent
  status.group = take_number(text);
  take_number(text);  // the session
  take_number(text);  // the terminal's device
  status.foreground = take_number(text);
  return status;
}

// Who reads each key for itself, an editor say, has the screen for itself, too.
bool is_read_by_keys(int file) {
  termios modes{};
  return ::tcgetattr(file, &modes) == 0 && (modes.c_lflag & ICANON) == 0;
}

}  // namespace

Terminal::Terminal(int file, std::uint32_t program, std::uint32_t group, std::uint32_t session)
    : file_(file), program_(program), group_(group), session_(session) {}

bool Terminal::has_program_ended() const {
  const auto status = status_of(program_);
  return !status || status->state == 'Z' || status->state == 'X';
}

TerminalPlace Terminal::place() const {
  if (session_ == 0 || !has_program_ended()) return TerminalPlace::kAsItIs;
  const auto leader = status_of(session_);
  // The rest of its job, or a script, has the terminal as the program had it.
  if (!leader || leader->foreground == group_) return TerminalPlace::kAsItIs;
  if (leader->foreground == leader->group) return TerminalPlace::kOwnLine;
  return is_read_by_keys(file_) ? TerminalPlace::kNowhere : TerminalPlace::kAsItIs;
}

}  // namespace kolben::agent
