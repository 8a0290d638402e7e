// Names of HTTP spans: "{method} {route}" where the application names its route; else the path's
// template (path_templates.h), as long as there are few such names. A name for each URL would make
// every list of operations useless. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "agent/process/path_templates.h"

namespace kolben::agent {

// GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH; methods are case-sensitive
// (RFC 9110 section 9.1).
bool is_known_method(std::string_view method);

class SpanNames {
 public:
  // More different names than a person reads; beyond, a name is the method alone.
  static constexpr std::size_t kNamesMax = 500;

  // `route` empty: none is known. `status`: of the answer; 0: there was none.
  std::string server_name(std::string_view method, std::string_view route, std::string_view path,
                          std::uint16_t status = 0);
  static std::string client_name(std::string_view method);

 private:
  PathTemplates templates_;
  std::unordered_set<std::string> names_;
};

}  // namespace kolben::agent
