// Base64 (RFC 4648). Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kolben::wire {

// Appends the standard alphabet with padding (section 4).
void append_base64(std::string_view bytes, std::string& out);

// Reads the standard and the URL-safe alphabet, padded or not, as protobuf's JSON mapping asks.
// Nothing where a character belongs to neither, or the length is impossible.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace kolben::wire
