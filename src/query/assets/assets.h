// The web page, as it is built into the program, and how it is served: any path that names a file
// gives the file, any other the page itself, which looks at the path by its own (a single-page
// application). Constant data and pure functions; any thread.
//
// The page names its files relative to itself ("./assets/main-ABCDEFGH.js"), because only the
// browser knows what a proxy in front of us cuts off the path. Where a path is deeper,
// "/trace/5b8e", the page says "../assets/..." in their place.
//
// Files named by their content are cached for ever; the others are asked for again each time and
// answered 304 while they are the same (RFC 9110, section 13). Scripts, styles and pictures come
// from the program alone (Content-Security-Policy), so that text from telemetry that slipped into
// the page as HTML could not run.
#pragma once

#include <span>
#include <string_view>

#include "net/http/message.h"

namespace kolben::query::assets {

struct Asset {
  std::string_view path;  // "/assets/main-ABCDEFGH.js"
  std::string_view content_type;
  std::string_view etag;     // without quotes
  bool is_named_by_content;  // never changes under its name
  std::string_view plain;
  std::string_view gzip;  // empty where compression gains nothing
};

// Sorted by path; "/index.html" is always among them. Made by tools/embed.
std::span<const Asset> embedded();

// Answers GET and HEAD; anything else with 405. `path` is the request's path below the base path.
net::http::Response serve(const net::http::Request& request, std::string_view path,
                          std::span<const Asset> assets);

// Whether the list of an Accept-Encoding header takes gzip (RFC 9110, section 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace kolben::query::assets
