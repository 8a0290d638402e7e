// Accepts the connections of a gRPC server itself, and looks at the first bytes of each before
// grpc++ gets it: grpc++ has no hook for peers that speak something else. Those are told so, as far
// as they can read it, counted and closed. Owns one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http/server.h"
#include "net/listen.h"

namespace kolben::net::grpc {

class Acceptor {
 public:
  // Owns the descriptor from then on; non-blocking, no delay. Called on the acceptor's thread.
  using Handover = UniqueFunction<void(int fd, int listener_fd)>;

  // `uses_tls`: a TLS ClientHello is what is expected, HTTP/2's preface otherwise.
  static Result<std::unique_ptr<Acceptor>> start(Listeners listeners, bool uses_tls,
                                                 Handover handover, http::OnRejected on_rejected);
  // Closes the listening sockets and what has not been handed over; waits for the thread.
  virtual ~Acceptor() = default;
};

}  // namespace kolben::net::grpc
