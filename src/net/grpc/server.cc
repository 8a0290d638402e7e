#include "net/grpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <climits>

#include "base/thread.h"
#include "net/grpc/acceptor.h"
#include "net/grpc/server_calls.h"
#include "net/listen.h"
#include "net/pem.h"

namespace kolben::net::grpc {

namespace {

using std::chrono::steady_clock;

// Calls that grpc++ may start without asking for another place. More wait inside grpc++.
constexpr int kPlaces = 16;
// What all connections together may hold before grpc++ throttles reading: a few of the largest
// messages on their way.
constexpr std::size_t kMessagesInQuota = 4;
constexpr std::size_t kQuotaBytesMin = 64 << 20;
// Clients may ping this often: those of load balancers do it more often than grpc++'s five minutes.
constexpr int kPingIntervalMs = 10'000;
// After the deadline grpc++ cancels the calls that have not even sent their message.
constexpr auto kCancelAfter = std::chrono::milliseconds(100);
// That takes no longer than this.
constexpr auto kCancelTime = std::chrono::seconds(2);
// Clients close when they have read GOAWAY. Those that do not, and calls whose message is still
// arriving, are waited for this long.
constexpr auto kGoAwayTime = std::chrono::seconds(1);

Result<std::shared_ptr<::grpc::ServerCredentials>> make_credentials(
    const TlsServerSettings& settings) {
  if (!settings.enabled) return ::grpc::InsecureServerCredentials();
  if (settings.min_version == "1.3") {
    return unimplemented(
        "TLS min_version 1.3 of a gRPC server: this build of grpc++ knows 1.2 only");
  }
  KOLBEN_TRY(std::string cert, read_pem(settings.cert_file, settings.cert_pem));
  KOLBEN_TRY(std::string key, read_pem(settings.key_file, settings.key_pem));
  if (cert.empty() || key.empty()) {
    return invalid_argument("TLS: a server needs a certificate and a key (cert_file, key_file)");
  }
  KOLBEN_TRY(std::string authority, read_pem(settings.client_ca_file, {}));
  ::grpc::SslServerCredentialsOptions options(
      authority.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                        : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = std::move(authority);
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(cert)});
  return ::grpc::SslServerCredentials(options);
}

void configure(::grpc::ServerBuilder& builder, const ServerSettings& settings) {
  const std::size_t message_bytes = std::min<std::size_t>(settings.message_bytes_max, INT_MAX);
  builder.SetMaxReceiveMessageSize(static_cast<int>(message_bytes));
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_MAX_CONCURRENT_STREAMS,
      static_cast<int>(std::min<std::uint32_t>(settings.concurrent_streams_max, INT_MAX)));
  ::grpc::ResourceQuota quota("kolben-grpc-server");
  quota.Resize(std::max(kQuotaBytesMin, kMessagesInQuota * message_bytes));
  builder.SetResourceQuota(quota);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(ServerSettings settings, Handler handler, http::OnRejected on_rejected)
      : calls_(std::move(settings), std::move(handler), std::move(on_rejected)) {}

  ~GrpcServer() override { stop(steady_clock::now()); }

  Status start() {
    KOLBEN_TRY(auto credentials, make_credentials(calls_.settings.tls));
    KOLBEN_TRY(Listeners listeners, listen_on(calls_.settings.endpoint));
    port_ = listeners.port;
    calls_.port = port_;
    ::grpc::ServerBuilder builder;
    configure(builder, calls_.settings);
    builder.RegisterAsyncGenericService(&calls_.service);
    calls_.queue = builder.AddCompletionQueue();
    using FromFd = ::grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    external_ = builder.experimental().AddExternalConnectionAcceptor(FromFd::FROM_FD, credentials);
    server_ = builder.BuildAndStart();
    if (!server_) {
      calls_.queue->Shutdown();
      calls_.run();
      return internal_error("starting the gRPC server on " + calls_.settings.endpoint);
    }
    for (int i = 0; i < kPlaces; ++i) calls_.open_place();
    for (int i = 0; i < std::max(calls_.settings.threads, 1); ++i) {
      threads_.emplace_back("grpc-" + std::to_string(port_), [this] { calls_.run(); });
    }
    return start_accepting(std::move(listeners));
  }

  std::uint16_t port() const override { return port_; }

  void stop(steady_clock::time_point deadline) override {
    if (!server_) return;
    acceptor_.reset();
    calls_.set_stopping();
    // Says GOAWAY to the clients and waits for the calls; waits here so that calls without an
    // answer can be ended meanwhile.
    const auto now = steady_clock::now();
    const auto cancel_at =
        std::chrono::system_clock::now() + (std::max(deadline, now) - now) + kCancelAfter;
    Thread shutdown("grpc-stop", [this, cancel_at] {
      server_->Shutdown(cancel_at);
      calls_.set_shut_down();
    });
    const bool has_time =
        calls_.wait_until_answered(std::min(now + kGoAwayTime, deadline), deadline);
    calls_.finish_all(unavailable("the server shuts down"));
    // Ends the connections that are left; without time that is what Shutdown() does now.
    if (has_time) grpc_server_cancel_all_calls(server_->c_server());
    shutdown.join();
    calls_.wait_until_idle(steady_clock::now() + kCancelTime);
    calls_.queue->Shutdown();
    for (Thread& thread : threads_) thread.join();
    server_.reset();
  }

 private:
  Status start_accepting(Listeners listeners) {
    const auto handover = [this](int fd, int listener_fd) {
      ::grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
      parameters.fd = fd;
      parameters.listener_fd = listener_fd;
      external_->HandleNewConnection(&parameters);
    };
    const auto on_rejected = [count = calls_.on_rejected](std::string_view reason,
                                                          std::string_view peer) {
      if (*count) (*count)(reason, peer);
    };
    KOLBEN_TRY(acceptor_, Acceptor::start(std::move(listeners), calls_.settings.tls.enabled,
                                          handover, on_rejected));
    return Status::ok();
  }

  ServerCalls calls_;
  std::uint16_t port_ = 0;
  std::unique_ptr<::grpc::experimental::ExternalConnectionAcceptor> external_;
  std::unique_ptr<::grpc::Server> server_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<Thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings, Handler handler,
                                              http::OnRejected on_rejected) {
  auto server =
      std::make_unique<GrpcServer>(std::move(settings), std::move(handler), std::move(on_rejected));
  KOLBEN_RETURN_IF_ERROR(server->start());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace kolben::net::grpc
