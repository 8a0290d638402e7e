#include "agent/process/span_names.h"

#include <algorithm>
#include <iterator>

namespace kolben::agent {
namespace {

std::string_view name_method(std::string_view method) {
  return is_known_method(method) ? method : std::string_view("HTTP");
}

}  // namespace

bool is_known_method(std::string_view method) {
  static constexpr std::string_view kMethods[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                  "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

std::string SpanNames::server_name(std::string_view method, std::string_view route,
                                   std::string_view path, std::uint16_t status) {
  constexpr std::uint16_t kNotFound = 404;
  std::string name(name_method(method));
  const auto answer =
      status == kNotFound ? PathTemplates::Answer::kNotFound : PathTemplates::Answer::kFound;
  const std::string target = route.empty() ? templates_.of(path, answer) : std::string(route);
  if (target.empty()) return name;
  std::string full = name + " " + target;
  if (names_.contains(full)) return full;
  if (names_.size() >= kNamesMax) return name;
  names_.insert(full);
  return full;
}

std::string SpanNames::client_name(std::string_view method) {
  return std::string(name_method(method));
}

}  // namespace kolben::agent
