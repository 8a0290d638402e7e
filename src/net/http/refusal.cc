#include "net/http/refusal.h"

#include <boost/beast/http/error.hpp>
#include <string>

namespace kolben::net::http {

const Refusal* refusal_of(const boost::system::error_code& error) {
  using Error = boost::beast::http::error;
  if (error == Error::body_limit) return &kBodyTooLarge;
  if (error == Error::header_limit || error == Error::buffer_overflow) return &kHeaderTooLarge;
  if (error == Error::end_of_stream || error == Error::partial_message) return nullptr;
  const bool is_parser_error = error.category() == make_error_code(Error::bad_method).category();
  return is_parser_error ? &kMalformed : nullptr;
}

std::string foreign_host_text(const ServerSettings& settings, std::string_view host) {
  std::string text = "this server is for its own machine and not known as " + std::string(host);
  if (settings.allowed_hosts_key.empty()) return text + "; ask it as localhost\n";
  return text + "; to allow that name, list it in " + settings.allowed_hosts_key + "\n";
}

std::string cross_site_text(std::string_view origin) {
  return "a page of " + std::string(origin) +
         " may not send here; where the server's configuration has cors::allowed_origins, list it "
         "there\n";
}

Response response_of(const Refusal& refusal) {
  Response response = text_response(refusal.status, std::string(refusal.text));
  if (refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace kolben::net::http
