// HTTP/1.1 server. Asio and Beast stay behind this header. (RFC 9110, RFC 9112.)
//
// The handler runs on a loop thread of the server and must not block; the answer may be given later
// and from any thread. Limits: header 64 KiB, body ServerSettings::body_bytes_max before and
// after decompression (413 beyond), slow requests end by time. Malformed requests get 400.
// Request bodies arrive as sent: the handler asks for decompression with decode_body().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "net/http/message.h"
#include "net/tls.h"

namespace kolben::net::http {

// Answers one request, once. Destroyed without an answer, it answers 500. Any thread.
class Responder {
 public:
  using Send = UniqueFunction<void(Response)>;
  explicit Responder(Send send) : send_(std::move(send)) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;  // what it held before is answered with 500
  ~Responder();
  void respond(Response response);

 private:
  Send send_;
};

// With ServerSettings::threads > 1 it is called from several threads at once.
using Handler = UniqueFunction<void(Request, Responder)>;

// Whom a server refuses that only this machine can connect to, and that is asked by a name which
// is not this machine's (host_check.h).
enum class HostCheck : std::uint8_t { kBrowsers, kEverybody };

struct ServerSettings {
  std::string endpoint = {};  // "localhost:4318"; localhost means 127.0.0.1 and ::1, on one port
  TlsServerSettings tls = {};
  std::size_t body_bytes_max = 64 << 20;
  std::chrono::nanoseconds header_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);
  std::size_t connections_max = 4096;
  // What slow peers may hold all together: bodies that are arriving (0: four of the largest, or 64
  // MiB), beyond it 503; answers that are being read (more only for the one that comes alone).
  std::size_t arriving_bytes_max = 0;
  std::size_t leaving_bytes_max = 512 << 20;
  int threads = 1;
  // Sets Request::is_peer_gone: for answers that take long, and need not be made for nobody.
  bool watches_peers = false;
  HostCheck host_check = HostCheck::kBrowsers;
  std::vector<std::string> allowed_hosts = {};  // further names of this machine; "*": any
  std::string allowed_hosts_key = {};           // where they are configured, for who is refused
  // Origins that may call from a browser ("*", "https://*.example.com"); empty: none.
  std::vector<std::string> cors_allowed_origins = {};
};

// Counts what was refused before a handler saw it, by reason; reasons are few and fixed
// ("malformed_request", "tls_on_plain_port", "http2_preface", "too_large", "timeout", ...).
using OnRejected = UniqueFunction<void(std::string_view reason, std::string_view peer)>;

class Server {
 public:
  // Binds, listens and starts its threads. A port in use names the process that holds it.
  static Result<std::unique_ptr<Server>> start(ServerSettings settings, Handler handler,
                                               OnRejected on_rejected = {});
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, lets running requests be answered until the deadline, closes, ends threads.
  virtual void stop(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace kolben::net::http
