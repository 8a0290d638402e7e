#include "net/http/head.h"

#include <cstdio>
#include <ctime>

#include "net/address.h"

namespace kolben::net::http {

namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

// "Sun, 06 Nov 1994 08:49:37 GMT"; the same for a whole second, so it is made once in it.
std::string_view date_now() {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local std::time_t made_at = -1;
  thread_local char text[64];
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                  utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                  utc.tm_sec);
    made_at = now;
  }
  return text;
}

void append_clean(std::string& head, std::string_view text) {
  const std::size_t start = head.size();
  head += text;
  for (std::size_t i = start; i < head.size(); ++i) {
    if (head[i] == '\r' || head[i] == '\n' || head[i] == '\0') head[i] = ' ';
  }
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  append_clean(head, name);
  head += ": ";
  append_clean(head, value);
  head += "\r\n";
}

}  // namespace

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string response_head(const Response& response, bool keep_alive) {
  std::string head;
  head.reserve(256);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_of(response.status);
  head += "\r\nDate: ";
  head += date_now();
  head += "\r\n";
  for (const auto& [name, value] : response.headers) append_header(head, name, value);
  if (has_body(response.status)) {
    append_header(head, "Content-Length", std::to_string(response.body.size()));
  }
  if (!keep_alive) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

std::string request_head(const ClientRequest& request, const Url& url) {
  std::string head;
  head.reserve(256);
  head.append(request.method).append(" ").append(url.target).append(" HTTP/1.1\r\n");
  const bool is_default_port = url.port == (url.is_https ? 443 : 80);
  const std::string address = Address{url.host, url.port}.to_string();
  if (find_header(request.headers, "Host").empty()) {
    append_header(head, "Host", is_default_port ? address.substr(0, address.rfind(':')) : address);
  }
  if (find_header(request.headers, "User-Agent").empty()) {
    append_header(head, "User-Agent", "kolben");
  }
  for (const auto& [name, value] : request.headers) append_header(head, name, value);
  const bool has_content = !request.body.empty() || request.method == "POST" ||
                           request.method == "PUT" || request.method == "PATCH";
  if (has_content) append_header(head, "Content-Length", std::to_string(request.body.size()));
  head += "\r\n";
  return head;
}

}  // namespace kolben::net::http
