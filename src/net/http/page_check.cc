#include "net/http/page_check.h"

#include "net/http/cors.h"
#include "net/http/host_check.h"
#include "net/http/refusal.h"

namespace kolben::net::http {
namespace {

using Header = boost::beast::http::request_header<>;

std::string_view field(const Header& header, std::string_view name) {
  const auto value = header[{name.data(), name.size()}];
  return {value.data(), value.size()};
}

bool is_browsers(const Header& header) {
  return is_from_browser(field(header, "User-Agent"), [&header](std::string_view name) {
    return header.count({name.data(), name.size()}) > 0;
  });
}

}  // namespace

std::optional<StrangePage> strange_page(const ServerSettings& settings, bool is_local,
                                        const Header& header) {
  const std::string_view origin = field(header, "Origin");
  const std::string_view host = field(header, "Host");
  const bool may_call = !origin.empty() && is_origin_allowed(settings.cors_allowed_origins, origin);
  const bool checks_host = is_local && (settings.host_check == HostCheck::kEverybody || !may_call);
  if (checks_host && !is_host_allowed(host, settings.allowed_hosts) &&
      (settings.host_check == HostCheck::kEverybody || is_browsers(header))) {
    return StrangePage{"foreign_host", foreign_host_text(settings, host)};
  }
  const auto method = header.method_string();
  if (!may_call && is_cross_site_write({method.data(), method.size()}, host, origin,
                                       field(header, "Content-Type"))) {
    return StrangePage{"cross_site", cross_site_text(origin)};
  }
  return std::nullopt;
}

}  // namespace kolben::net::http
