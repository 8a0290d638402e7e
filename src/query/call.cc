#include "query/call.h"

#include <algorithm>

namespace kolben::query {

std::vector<std::string> segments_after(std::string_view prefix, std::string_view path) {
  std::vector<std::string> segments;
  std::string_view rest = path.substr(std::min(prefix.size(), path.size()));
  while (!rest.empty() && segments.size() <= kSegmentsMax) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    segments.push_back(net::http::percent_decode(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return segments;
}

net::http::Response method_not_allowed(std::string_view allowed) {
  net::http::Response response =
      net::http::text_response(405, "method not allowed, use " + std::string(allowed) + "\n");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

bool is_read(const net::http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace kolben::query
