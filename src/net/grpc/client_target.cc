#include "net/grpc/client_target.h"

#include <algorithm>
#include <utility>

namespace kolben::net::grpc {
namespace {

bool is_allowed_name(const std::string& name) {
  return !name.empty() && !name.starts_with("grpc-") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

bool is_allowed_value(const std::string& name, const std::string& value) {
  return name.ends_with("-bin") ||
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

Result<ClientTarget> read_endpoint(const ClientSettings& settings) {
  std::string_view text = settings.endpoint;
  ClientTarget target;
  target.uses_tls = !settings.tls.insecure;
  const auto strip = [&text](std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
  };
  if (strip("https://")) {
    target.uses_tls = true;
  } else if (strip("http://")) {
    target.uses_tls = false;
  } else {
    strip("dns:///");
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  KOLBEN_TRY(target.address, parse_address(text));
  if (target.address.host.empty() || target.address.port == 0) {
    return invalid_argument("address \"" + settings.endpoint +
                            "\": no host and port to connect to");
  }
  return target;
}

std::string authority_of(const ClientSettings& settings, const ClientTarget& target) {
  return settings.authority.empty() ? target.address.to_string() : settings.authority;
}

Status check_compression(wire::Compression compression) {
  using wire::Compression;
  const bool is_known = compression == Compression::kNone || compression == Compression::kGzip ||
                        compression == Compression::kDeflate;
  if (is_known) return Status::ok();
  return unimplemented("compression " + std::string(wire::to_string(compression)) +
                       " over gRPC: gzip and deflate are known");
}

Result<http::Headers> read_metadata(http::Headers metadata) {
  for (auto& [name, value] : metadata) {
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    if (is_allowed_name(name) && is_allowed_value(name, value)) continue;
    return invalid_argument("header \"" + name +
                            "\": gRPC allows letters, digits, '-', '_' and "
                            "'.' in names, and printable ASCII in values");
  }
  return metadata;
}

}  // namespace kolben::net::grpc
