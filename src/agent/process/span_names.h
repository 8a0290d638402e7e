// Names of HTTP spans: "{method} {route}" where the application names its route; else the path with
// what looks like an identifier replaced by '*', as long as there are few such names. A name for
// each URL would make every list of operations useless. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace kolben::agent {

// "/delete/17" -> "/delete/*". Identifiers: digits, hexadecimal of eight or more with a digit in
// it, UUIDs, very long or percent-encoded segments.
std::string path_template(std::string_view path);

// GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH; methods are case-sensitive
// (RFC 9110 section 9.1).
bool is_known_method(std::string_view method);

class SpanNames {
 public:
  // More different names than a person reads; beyond, a name is the method alone.
  static constexpr std::size_t kNamesMax = 500;

  // `route` empty: none is known.
  std::string server_name(std::string_view method, std::string_view route, std::string_view path);
  static std::string client_name(std::string_view method);

 private:
  std::unordered_set<std::string> names_;
};

}  // namespace kolben::agent
