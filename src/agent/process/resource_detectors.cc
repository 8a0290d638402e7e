#include "agent/process/resource_detectors.h"

#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstdio>
#include <fstream>

namespace kolben::agent {
namespace {

std::string read_start(const std::string& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(bytes_max));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void put(DetectedResource& resource, std::string_view key, std::string value) {
  if (!value.empty()) resource.texts.emplace_back(key, std::move(value));
}

std::string user_name(uid_t user) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0) return {};
  return found == nullptr ? std::to_string(user) : found->pw_name;
}

// The second field behind the name in /proc/PID/stat.
std::int64_t parent_of(const std::string& process) {
  const std::string text = read_start(process + "/stat", 4096);
  const std::size_t name_end = text.rfind(") ");
  std::int64_t parent = 0;
  if (name_end == std::string::npos || name_end + 4 > text.size()) return 0;
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
  return parent;
}

void detect_process(std::uint32_t pid, DetectedResource& resource) {
  const std::string process = "/proc/" + std::to_string(pid);
  resource.numbers.emplace_back("process.pid", pid);
  const std::int64_t parent = parent_of(process);
  if (parent != 0) resource.numbers.emplace_back("process.parent_pid", parent);
  std::array<char, PATH_MAX> path;
  const ssize_t size = ::readlink((process + "/exe").c_str(), path.data(), path.size());
  if (size > 0) {
    const std::string executable(path.data(), static_cast<std::size_t>(size));
    put(resource, "process.executable.name", executable.substr(executable.rfind('/') + 1));
    put(resource, "process.executable.path", executable);
  }
  put(resource, "process.command", read_start(process + "/cmdline", 4096).c_str());
  struct stat status{};
  if (::stat(process.c_str(), &status) == 0) {
    put(resource, "process.owner", user_name(status.st_uid));
  }
}

std::string_view architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

void detect_os(DetectedResource& resource) {
  utsname name{};
  if (::uname(&name) != 0) return;
  put(resource, "os.type", "linux");
  put(resource, "os.version", name.release);
}

void detect_host(DetectedResource& resource) {
  utsname name{};
  if (::uname(&name) != 0) return;
  put(resource, "host.name", name.nodename);
  put(resource, "host.arch", std::string(architecture(name.machine)));
  std::string id = read_start("/etc/machine-id", 64);
  id.resize(std::min(id.size(), id.find_last_not_of(" \n") + 1));
  put(resource, "host.id", std::move(id));
}

// A random UUID: RFC 9562, version 4.
void detect_service_instance(DetectedResource& resource) {
  std::array<std::uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return;
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  put(resource, "service.instance.id", std::move(text));
}

}  // namespace

bool is_resource_detector(std::string_view name) {
  return name == "process" || name == "os" || name == "host" || name == "service_instance" ||
         name == "otel" || name == "*";
}

DetectedResource detect_resource(const std::vector<std::string>& names, std::uint32_t pid) {
  DetectedResource resource;
  for (const std::string& name : names) {
    const bool is_all = name == "*";
    if (is_all || name == "process") detect_process(pid, resource);
    if (is_all || name == "os") detect_os(resource);
    if (is_all || name == "host") detect_host(resource);
    if (is_all || name == "service_instance") detect_service_instance(resource);
  }
  return resource;
}

}  // namespace kolben::agent
