#include "agent/process/span_names.h"

#include <algorithm>
#include <iterator>

namespace kolben::agent {
namespace {

constexpr std::size_t kHexBytesMin = 8;       // shorter ones are words: "add", "feed", "face"
constexpr std::size_t kSegmentBytesMax = 40;  // longer ones are data: tokens, encoded texts
constexpr std::size_t kSegmentsMax = 10;      // deeper paths end in "/*"

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_uuid(std::string_view segment) {
  if (segment.size() != 36) return false;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? segment[i] != '-' : !is_hex(segment[i])) return false;
  }
  return true;
}

bool is_identifier(std::string_view segment) {
  if (segment.empty()) return false;
  if (segment.size() > kSegmentBytesMax || segment.find('%') != std::string_view::npos) return true;
  const auto is_dashed_digit = [](char c) { return is_digit(c) || c == '-' || c == '.'; };
  const bool has_digit = std::any_of(segment.begin(), segment.end(), is_digit);
  if (!has_digit) return false;
  if (std::all_of(segment.begin(), segment.end(), is_dashed_digit)) return true;
  if (segment.size() >= kHexBytesMin && std::all_of(segment.begin(), segment.end(), is_hex)) {
    return true;
  }
  return is_uuid(segment);
}

std::string_view name_method(std::string_view method) {
  return is_known_method(method) ? method : std::string_view("HTTP");
}

}  // namespace

bool is_known_method(std::string_view method) {
  static constexpr std::string_view kMethods[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                  "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

std::string path_template(std::string_view path) {
  std::string result;
  std::size_t segments = 0;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    if (++segments > kSegmentsMax) return result + "/*";
    const std::string_view segment = path.substr(0, path.find('/'));
    result += '/';
    if (is_identifier(segment)) {
      result += '*';
    } else {
      result += segment;
    }
    path.remove_prefix(segment.size());
  }
  return result;
}

std::string SpanNames::server_name(std::string_view method, std::string_view route,
                                   std::string_view path) {
  std::string name(name_method(method));
  const std::string target = route.empty() ? path_template(path) : std::string(route);
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
