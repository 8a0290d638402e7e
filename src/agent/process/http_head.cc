#include "agent/process/http_head.h"

#include <charconv>

namespace kolben::agent {
namespace {

// Takes the next line off, without its end. Incomplete last lines are no lines.
bool next_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(end + 1);
  return true;
}

std::string_view version_of(std::string_view protocol) {
  constexpr std::string_view kPrefix = "HTTP/";
  if (protocol == "HTTP/2.0") return "2";
  return protocol.starts_with(kPrefix) ? protocol.substr(kPrefix.size()) : std::string_view();
}

}  // namespace

RequestHead parse_request_head(std::string_view head) {
  RequestHead result;
  std::string_view line;
  const std::string_view whole = head;
  // A target longer than what the library keeps: the line has no end.
  if (!next_line(head, line)) {
    line = whole;
    head = {};
  }
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos || first == 0) return result;
  const std::size_t last = line.rfind(' ');
  result.method = line.substr(0, first);
  if (last > first) {
    result.target = line.substr(first + 1, last - first - 1);
    result.version = version_of(line.substr(last + 1));
  } else {
    result.target = line.substr(first + 1);
  }
  result.headers = head;
  return result;
}

bool is_header(std::string_view name, std::string_view small_letters) {
  if (name.size() != small_letters.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != small_letters[i]) return false;
  }
  return true;
}

bool next_header(std::string_view& headers, std::string_view& name, std::string_view& value) {
  std::string_view line;
  while (next_line(headers, line) && !line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    name = line.substr(0, colon);
    value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return true;
  }
  return false;
}

std::string_view find_header(std::string_view headers, std::string_view name) {
  std::string_view found;
  std::string_view value;
  while (next_header(headers, found, value)) {
    if (is_header(found, name)) return value;
  }
  return {};
}

Target split_target(std::string_view target) {
  Target result;
  const std::size_t scheme_end = target.find("://");
  if (!target.starts_with('/') && scheme_end != std::string_view::npos) {
    target.remove_prefix(scheme_end + 3);
    const std::size_t path = target.find_first_of("/?");
    result.authority = target.substr(0, path);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  result.origin_form = target;
  const std::size_t question = target.find('?');
  result.path = target.substr(0, question);
  if (question != std::string_view::npos) result.query = target.substr(question + 1);
  return result;
}

HostPort split_host_port(std::string_view authority) {
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  HostPort result{authority, 0};
  std::size_t colon = authority.rfind(':');
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return result;
    result.host = authority.substr(1, bracket - 1);
    if (colon < bracket) colon = std::string_view::npos;
  } else if (colon != std::string_view::npos) {
    result.host = authority.substr(0, colon);
  }
  if (colon == std::string_view::npos) return result;
  const std::string_view port = authority.substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), result.port);
  return result;
}

}  // namespace kolben::agent
