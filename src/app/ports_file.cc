#include "app/ports_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace kolben::app {
namespace {

// Names come from configurations: ids, which hold no control characters.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Status write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return from_errno(errno, "writing " + path);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return Status::ok();
}

}  // namespace

std::string ports_json(int pid, const std::vector<pipeline::BoundPort>& ports) {
  std::string json = "{\"pid\":" + std::to_string(pid) + ",\"ports\":{";
  bool is_first = true;
  for (const pipeline::BoundPort& port : ports) {
    if (!is_first) json += ',';
    is_first = false;
    json += quoted(port.name) + ":" + std::to_string(port.port);
  }
  return json + "}}\n";
}

Status write_ports_file(const std::string& path, const std::vector<pipeline::BoundPort>& ports) {
  const std::string temporary = path + ".new";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return from_errno(errno, "creating " + temporary);
  const Status status = write_all(descriptor, ports_json(getpid(), ports), temporary);
  ::close(descriptor);
  KOLBEN_RETURN_IF_ERROR(status);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return from_errno(errno, "renaming " + temporary + " to " + path);
  }
  return Status::ok();
}

}  // namespace kolben::app
