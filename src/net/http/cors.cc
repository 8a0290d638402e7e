#include "net/http/cors.h"

namespace kolben::net::http {

namespace {

// Matches greedily with one place to come back to: time is pattern times text at most.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool is_origin_allowed(const std::vector<std::string>& patterns, std::string_view origin) {
  for (const std::string& pattern : patterns) {
    if (matches(pattern, origin)) return true;
  }
  return false;
}

std::optional<Response> answer_preflight(const std::vector<std::string>& patterns,
                                         const Request& request) {
  if (patterns.empty() || request.method != "OPTIONS" || request.header("Origin").empty() ||
      request.header("Access-Control-Request-Method").empty()) {
    return std::nullopt;
  }
  Response response{.status = 204, .headers = {}, .body = {}};
  if (!is_origin_allowed(patterns, request.header("Origin"))) return response;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, HEAD");
  const std::string headers(request.header("Access-Control-Request-Headers"));
  if (!headers.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", headers);
  response.headers.emplace_back("Access-Control-Max-Age", "7200");
  return response;
}

void allow_origin(const std::vector<std::string>& patterns, const std::string& origin,
                  Response& response) {
  if (patterns.empty()) return;
  response.headers.emplace_back("Vary", "Origin");
  if (origin.empty() || !is_origin_allowed(patterns, origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
}

}  // namespace kolben::net::http
