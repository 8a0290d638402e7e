// The heads of HTTP/1.x requests (RFC 9112 sections 3 to 5), as the library kept them: the start
// line and some headers, cut at kHeadBytesMax, so that the last header may be incomplete: it is
// left out. Views into the head; pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben::agent {

struct RequestHead {
  std::string_view method;   // "GET"; empty where the line is no request line
  std::string_view target;   // as sent: "/a?b=c", "http://host/a", "*", "host:443"
  std::string_view version;  // "1.1"
  std::string_view headers;  // all lines after the first
};

RequestHead parse_request_head(std::string_view head);

// The value of the first such header; names compare without case. Empty where there is none.
std::string_view find_header(std::string_view headers, std::string_view name);

// Whether a header's name is this one, which has small letters.
bool is_header(std::string_view name, std::string_view small_letters);

// Takes the next header off; false: no more.
bool next_header(std::string_view& headers, std::string_view& name, std::string_view& value);

struct Target {
  std::string_view path;         // "/a"
  std::string_view query;        // "b=c", without '?'
  std::string_view origin_form;  // path and query, as in a request line
  std::string_view authority;    // of absolute-form: "user@host:80"; else empty
};
Target split_target(std::string_view target);

struct HostPort {
  std::string_view host;   // without brackets
  std::uint16_t port = 0;  // 0: none
};
HostPort split_host_port(std::string_view authority);

}  // namespace kolben::agent
