#include "agent/process/forwarded.h"

#include <arpa/inet.h>

#include <charconv>

#include "agent/process/http_head.h"

namespace kolben::agent {
namespace {

bool is_address(std::string_view text, int family) {
  char copy[INET6_ADDRSTRLEN] = {};
  unsigned char address[sizeof(in6_addr)];
  if (text.size() >= sizeof(copy) || text.find('\0') != std::string_view::npos) return false;
  text.copy(copy, text.size());
  return inet_pton(family, copy, address) == 1;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Up to the next `end` that is in no quoted string, which goes, too.
std::string_view take(std::string_view& rest, char end) {
  bool is_quoted = false;
  std::size_t i = 0;
  for (; i < rest.size() && (is_quoted || rest[i] != end); ++i) {
    if (rest[i] == '"') is_quoted = !is_quoted;
    if (rest[i] == '\\' && is_quoted) ++i;
  }
  const std::string_view taken = rest.substr(0, i);
  rest.remove_prefix(taken.size() == rest.size() ? rest.size() : taken.size() + 1);
  return without_blanks(taken);
}

// RFC 7239, 6: "192.0.2.43:47011", "[2001:db8::17]". Nothing where it is no address.
ForwardedClient parse_node(std::string_view node) {
  if (is_address(node, AF_INET) || is_address(node, AF_INET6)) return {node};
  const bool has_brackets = node.starts_with('[');
  const std::size_t end = has_brackets ? node.find(']') : node.rfind(':');
  if (end == std::string_view::npos) return {};
  ForwardedClient client{has_brackets ? node.substr(1, end - 1) : node.substr(0, end)};
  if (!is_address(client.address, has_brackets ? AF_INET6 : AF_INET)) return {};
  std::string_view port = node.substr(has_brackets ? end + 1 : end);
  if (port.empty()) return client;
  if (port[0] != ':') return {};
  port.remove_prefix(1);
  const auto read = std::from_chars(port.data(), port.data() + port.size(), client.port);
  if (read.ptr != port.data() + port.size()) client.port = 0;  // it may be hidden: "_x"
  return client;
}

// "for=192.0.2.43;proto=http": who, as it stands there.
std::string_view for_of(std::string_view element) {
  while (!element.empty()) {
    std::string_view value = take(element, ';');
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || !is_header(value.substr(0, equals), "for")) continue;
    value.remove_prefix(equals + 1);
    const bool is_quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return is_quoted ? value.substr(1, value.size() - 2) : value;
  }
  return {};
}

}  // namespace

ForwardedClient forwarded_client(std::string_view forwarded, std::string_view x_forwarded_for) {
  for (int i = 0; i < kForwardedElementsMax && !forwarded.empty(); ++i) {
    const ForwardedClient client = parse_node(for_of(take(forwarded, ',')));
    if (!client.address.empty()) return client;
  }
  for (int i = 0; i < kForwardedElementsMax && !x_forwarded_for.empty(); ++i) {
    const ForwardedClient client = parse_node(take(x_forwarded_for, ','));
    if (!client.address.empty()) return client;
  }
  return {};
}

}  // namespace kolben::agent
