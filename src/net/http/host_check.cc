#include "net/http/host_check.h"

#include <arpa/inet.h>

#include <algorithm>

namespace kolben::net::http {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

// Without the port and the final dot, in lower case; an IPv6 address without its brackets.
std::string name_of(std::string_view header) {
  if (header.starts_with('[')) {
    header = header.substr(1, header.find(']') - 1);
  } else {
    header = header.substr(0, header.find(':'));
  }
  if (header.ends_with('.')) header.remove_suffix(1);
  return lower(header);
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
  // Nobody can own those either: RFC 6761, section 6.3; ICANN keeps "internal" for private
  // networks, and containers call this machine host.docker.internal.
  if (name.ends_with(".localhost") || name.ends_with(".internal")) return true;
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return one == "*" || name_of(one) == name; });
}

bool is_cross_site_write(std::string_view method, std::string_view host, std::string_view origin,
                         std::string_view content_type) {
  if (origin.empty() || method != "POST") return false;
  const std::size_t scheme = origin.find("://");
  if (scheme != origin.npos && lower(origin.substr(scheme + 3)) == lower(host)) return false;
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  return type.empty() || type == "text/plain" || type == "application/x-www-form-urlencoded" ||
         type == "multipart/form-data";
}

}  // namespace kolben::net::http
