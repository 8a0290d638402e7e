#include "query/server/host_check.h"

#include <arpa/inet.h>

#include <algorithm>

namespace kolben::query {
namespace {

// Without the port and the final dot, in lower case; an IPv6 address without its brackets.
std::string name_of(std::string_view header) {
  if (header.starts_with('[')) {
    header = header.substr(1, header.find(']') - 1);
  } else {
    header = header.substr(0, header.find(':'));
  }
  if (header.ends_with('.')) header.remove_suffix(1);
  std::string name(header);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return name;
}

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_host_allowed(std::string_view header, const std::vector<std::string>& allowed) {
  if (header.empty()) return true;
  const std::string name = name_of(header);
  // A name without a dot is of this machine or its network: nobody else can own it.
  if (is_address(name) || name.find('.') == std::string::npos) return true;
  if (name.ends_with(".localhost")) return true;  // RFC 6761, section 6.3
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return one == "*" || name_of(one) == name; });
}

}  // namespace kolben::query
