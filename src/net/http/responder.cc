#include <utility>

#include "base/check.h"
#include "net/http/server.h"

namespace kolben::net::http {

Responder::~Responder() {
  if (send_) respond(text_response(500, "the request was dropped without an answer\n"));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  Responder before(std::move(send_));
  send_ = std::move(other.send_);
  return *this;
}

void Responder::respond(Response response) {
  KOLBEN_CHECK(static_cast<bool>(send_));  // answers once
  Send send = std::move(send_);
  send(std::move(response));
}

}  // namespace kolben::net::http
