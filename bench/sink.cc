// kolben-sink: an OTLP/gRPC peer that does nothing but read what it is sent; the other end of the
// pass-through benchmark. Prints its port, and on SIGTERM how many requests and bytes came.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "net/grpc/server.h"

int main() {
  std::atomic<unsigned long long> requests{0};
  std::atomic<unsigned long long> bytes{0};
  auto server = kolben::net::grpc::Server::start(
      {.endpoint = "127.0.0.1:0"},
      [&](const kolben::net::grpc::Call& call, kolben::net::grpc::Responder responder) {
        ++requests;
        bytes += call.message.size();
        responder.respond("");
      });
  if (!server.has_value()) {
    std::fprintf(stderr, "kolben-sink: %s\n", server.error().to_string().c_str());
    return 1;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::printf("%u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->stop(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  std::printf("{\"requests\": %llu, \"bytes\": %llu}\n", requests.load(), bytes.load());
  return 0;
}
