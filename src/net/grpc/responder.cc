#include "net/grpc/server.h"

namespace kolben::net::grpc {

Responder::~Responder() {
  if (send_) fail(internal_error("the call was dropped without an answer"));
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  Responder before(std::move(send_));
  send_ = std::move(other.send_);
  return *this;
}

void Responder::respond(std::string reply) {
  KOLBEN_CHECK(static_cast<bool>(send_));  // answers once
  Send send = std::move(send_);
  send(Status::ok(), std::move(reply));
}

void Responder::fail(Status status) {
  KOLBEN_CHECK(static_cast<bool>(send_));
  Send send = std::move(send_);
  send(std::move(status), {});
}

}  // namespace kolben::net::grpc
