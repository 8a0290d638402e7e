#include "todo/access_log.h"

#include <cstdio>
#include <ctime>

namespace todo {
namespace {

// One write a line, so that lines of several threads do not mix.
void print_line(const std::string& line) {
  const std::string whole = line + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

}  // namespace

void print_greeting(const std::string& host, int port) {
  std::fputs(" * Serving the To-Do app\n * Debug mode: off\n", stdout);
  std::fflush(stdout);
  print_line("WARNING: This is a development server. Do not use it in a production deployment.");
  print_line(" * Running on http://" + host + ":" + std::to_string(port));
  print_line("Press CTRL+C to quit");
}

void print_access(const std::string& peer, const std::string& request_line, int status) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char when[32];
  std::strftime(when, sizeof when, "%d/%b/%Y %H:%M:%S", &local);
  print_line(peer + " - - [" + when + "] \"" + request_line + "\" " + std::to_string(status) +
             " -");
}

void log_info(const std::string& message) {
  print_line("INFO:todo:" + message);
}
void log_warning(const std::string& message) {
  print_line("WARNING:todo:" + message);
}

}  // namespace todo
