#include "query/assets/assets.h"

#include <algorithm>
#include <string>

namespace kolben::query::assets {

using net::http::Request;
using net::http::Response;

namespace {

constexpr std::string_view kIndexPath = "/index.html";
// How the page's links begin; tools/embed and ui/build.mjs leave them so.
constexpr std::string_view kLinkBegin = "=\"./";
// The page's own addresses are two deep; each level makes each of its links longer.
constexpr std::size_t kDepthMax = 16;
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'";

const Asset* find(std::span<const Asset> assets, std::string_view path) {
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [path](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each element of a comma-separated header until it returns true.
template <typename Visit>
bool any_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (visit(trimmed(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// "q=0", "q=0.0" and the like.
bool is_forbidden(std::string_view parameters) {
  const std::size_t weight = parameters.find("q=");
  if (weight == std::string_view::npos) return false;
  return trimmed(parameters.substr(weight + 2)).find_first_not_of("0.") == std::string_view::npos;
}

// Both variants of a file count as the same for the question "did it change".
bool is_unchanged(std::string_view if_none_match, std::string_view etag) {
  return any_element(if_none_match, [etag](std::string_view candidate) {
    if (candidate == "*") return true;
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate.size() < 2 || candidate.front() != '"' || candidate.back() != '"') return false;
    candidate = candidate.substr(1, candidate.size() - 2);
    if (candidate.ends_with("-gz")) candidate.remove_suffix(3);
    return candidate == etag;
  });
}

// The page as it must read `depth` folders below its base.
std::string climbing(std::string_view html, std::size_t depth) {
  std::string out;
  for (std::size_t link = html.find(kLinkBegin); link != std::string_view::npos;
       link = html.find(kLinkBegin)) {
    const std::size_t quote_end = link + kLinkBegin.find('.');
    out += html.substr(0, quote_end);
    for (std::size_t i = 0; i < depth; ++i) out += "../";
    html.remove_prefix(link + kLinkBegin.size());
  }
  return out += html;
}

void add_common_headers(Response& response, const Asset& asset) {
  response.headers.emplace_back("Content-Type", asset.content_type);
  response.headers.emplace_back("Cache-Control", asset.is_named_by_content
                                                     ? "public, max-age=31536000, immutable"
                                                     : "no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  if (asset.content_type.starts_with("text/html")) {
    response.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
  }
}

// `depth`: how many folders below the base the asset is asked for; only the page minds.
Response answer(const Request& request, const Asset& asset, std::size_t depth = 0) {
  Response response;
  add_common_headers(response, asset);
  const bool is_packed =
      depth == 0 && !asset.gzip.empty() && accepts_gzip(request.header("Accept-Encoding"));
  response.headers.emplace_back("ETag",
                                "\"" + std::string(asset.etag) + (is_packed ? "-gz\"" : "\""));
  if (is_unchanged(request.header("If-None-Match"), asset.etag)) {
    response.status = 304;
    return response;
  }
  if (is_packed) response.headers.emplace_back("Content-Encoding", "gzip");
  // Else the bytes are constants of the program: nobody has to own them.
  response.body = depth > 0 ? Bytes::from_string(climbing(asset.plain, depth))
                            : Bytes(nullptr, is_packed ? asset.gzip : asset.plain);
  return response;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  return any_element(accept_encoding, [](std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view coding = trimmed(element.substr(0, semicolon));
    if (coding != "gzip" && coding != "x-gzip" && coding != "*") return false;
    return !is_forbidden(element.substr(semicolon));
  });
}

Response serve(const Request& request, std::string_view path, std::span<const Asset> assets) {
  if (request.method != "GET" && request.method != "HEAD") {
    Response response = net::http::text_response(405, "method not allowed, use GET or HEAD\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (const Asset* file = find(assets, path)) return answer(request, *file);
  // A file of another build that a page in some browser still asks for: the page instead would be
  // taken for a script.
  if (path.starts_with("/assets/")) {
    return net::http::text_response(404, "this file is of another version: reload the page\n");
  }
  const Asset* index = find(assets, kIndexPath);
  const auto slashes = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
  if (index == nullptr || slashes > kDepthMax + 1) {
    return net::http::text_response(404, "there is no page\n");
  }
  return answer(request, *index, slashes > 0 ? slashes - 1 : 0);
}

}  // namespace kolben::query::assets
