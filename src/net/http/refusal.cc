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

Response response_of(const Refusal& refusal) {
  Response response = text_response(refusal.status, std::string(refusal.text));
  if (refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace kolben::net::http
