#include <optional>

#include "net/http/message.h"
#include "wire/compression.h"

namespace kolben::net::http {

Result<Bytes> decode_body(const Request& request, std::size_t bytes_max) {
  const std::string_view name = request.header("Content-Encoding");
  std::string lower_case(name);  // RFC 9110, section 8.4.1
  for (char& c : lower_case) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  const std::optional<wire::Compression> compression = wire::compression_by_name(lower_case);
  if (!compression.has_value()) {
    // Several encodings one over the other ("gzip, zstd") are unknown here, too: no sender uses
    // them, and each would multiply what a small body can grow to.
    return unimplemented("the Content-Encoding \"" + std::string(name) +
                         "\" is unknown (known: gzip, zstd, snappy, deflate, lz4, identity)");
  }
  if (*compression == wire::Compression::kNone) {
    if (request.body.size() > bytes_max) {
      return resource_exhausted("the body has more than " + std::to_string(bytes_max) + " bytes");
    }
    return request.body;
  }
  Result<std::string> plain = wire::decompress(*compression, request.body.view(), bytes_max);
  if (!plain.has_value()) return std::move(plain).error().with_context("reading the body");
  return Bytes::from_string(std::move(plain).value());
}

}  // namespace kolben::net::http
