#include "net/grpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <optional>
#include <unordered_set>

#include "base/mutex.h"
#include "base/thread.h"
#include "net/grpc/acceptor.h"
#include "net/grpc/byte_buffer.h"
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

class Engine;

// One call: waiting for a client -> reading its message -> handling -> finishing. One operation of
// grpc++ is pending at a time, and holds the call.
class ServerCall : public std::enable_shared_from_this<ServerCall> {
 public:
  explicit ServerCall(Engine& engine) : engine_(engine), rpc_(std::in_place) {}

  void wait_for_client();
  // The pending operation is done. On a thread of the server.
  void proceed(bool is_success);
  // Once, of a call that the handler has; otherwise ignored. Any thread.
  void finish(const Status& status, std::string reply);

 private:
  enum class State { kWaiting, kReading, kHandling, kFinishing };

  struct Rpc {
    Rpc() : stream(&context) {}
    ::grpc::GenericServerContext context;
    ::grpc::GenericServerAsyncReaderWriter stream;
    ::grpc::ByteBuffer message;
  };

  void* pend(State state) {
    state_ = state;
    pending_ = shared_from_this();
    return this;
  }
  void read();
  void handle();
  Call take_call();

  Engine& engine_;
  State state_ = State::kWaiting;
  std::atomic<bool> may_answer_ = false;  // true from the handler's start to its answer
  std::shared_ptr<ServerCall> pending_;   // this, while grpc++ has the tag
  // Gone when the call is over, whoever may still hold the call.
  std::optional<Rpc> rpc_;
};

class Engine {
 public:
  Engine(ServerSettings server_settings, Handler call_handler, http::OnRejected rejected)
      : settings(std::move(server_settings)),
        handler(std::move(call_handler)),
        on_rejected(std::make_shared<http::OnRejected>(std::move(rejected))) {}

  void open_place() {
    {
      MutexLock lock(mutex_);
      if (is_stopping_) return;
    }
    std::make_shared<ServerCall>(*this)->wait_for_client();
  }

  // A call whose message is to be read.
  void add(std::shared_ptr<ServerCall> call) {
    MutexLock lock(mutex_);
    running_.insert(std::move(call));
    ++reading_;
  }

  // Its message has been read, or cannot be.
  void note_read() {
    MutexLock lock(mutex_);
    --reading_;
  }

  void remove(const std::shared_ptr<ServerCall>& call) {
    MutexLock lock(mutex_);
    running_.erase(call);
    if (running_.size() == reading_) idle_.notify_all();
  }

  void set_stopping() {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }

  void set_shut_down() {
    MutexLock lock(mutex_);
    is_shut_down_ = true;
    idle_.notify_all();
  }

  // Until grpc++ has shut down, or until all calls that have their message are answered and
  // `patience` is over; the deadline ends both. True: there was time left.
  bool wait_until_answered(steady_clock::time_point patience, steady_clock::time_point deadline) {
    MutexLock lock(mutex_);
    while (!is_shut_down_) {
      const auto now = steady_clock::now();
      if (now >= deadline) return false;
      const bool is_answered = running_.size() == reading_;
      if (is_answered && now >= patience) return true;
      const auto until = is_answered ? std::min(patience, deadline) : deadline;
      idle_.wait_for(mutex_,
                     std::min<std::chrono::nanoseconds>(until - now, std::chrono::hours(1)));
    }
    return true;
  }

  void wait_until_idle(steady_clock::time_point deadline) {
    MutexLock lock(mutex_);
    while (!running_.empty()) {
      const auto left = deadline - steady_clock::now();
      if (left <= std::chrono::nanoseconds(0)) return;
      idle_.wait_for(mutex_, std::min<std::chrono::nanoseconds>(left, std::chrono::hours(1)));
    }
  }

  void finish_all(const Status& status) {
    std::vector<std::shared_ptr<ServerCall>> calls;
    {
      MutexLock lock(mutex_);
      calls.assign(running_.begin(), running_.end());
    }
    for (const auto& call : calls) call->finish(status, {});
  }

  void reject(std::string_view reason, std::string_view peer) {
    if (*on_rejected) (*on_rejected)(reason, peer);
  }

  void run() {
    void* tag = nullptr;
    bool is_success = false;
    while (queue->Next(&tag, &is_success)) static_cast<ServerCall*>(tag)->proceed(is_success);
  }

  const ServerSettings settings;
  Handler handler;
  const std::shared_ptr<http::OnRejected> on_rejected;  // shared with the acceptor
  ::grpc::AsyncGenericService service;
  std::unique_ptr<::grpc::ServerCompletionQueue> queue;

 private:
  Mutex mutex_;
  CondVar idle_;
  std::unordered_set<std::shared_ptr<ServerCall>> running_ KOLBEN_GUARDED_BY(mutex_);
  std::size_t reading_ KOLBEN_GUARDED_BY(mutex_) = 0;  // of those that run
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_shut_down_ KOLBEN_GUARDED_BY(mutex_) = false;
};

// "ipv6:%5B::1%5D:51234" as grpc++ spells it -> "[::1]:51234"
std::string plain_peer(const std::string& peer) {
  const std::size_t colon = peer.find(':');
  return http::percent_decode(std::string_view(peer).substr(colon == peer.npos ? 0 : colon + 1));
}

void ServerCall::wait_for_client() {
  void* tag = pend(State::kWaiting);
  engine_.service.RequestCall(&rpc_->context, &rpc_->stream, engine_.queue.get(),
                              engine_.queue.get(), tag);
}

void ServerCall::proceed(bool is_success) {
  const std::shared_ptr<ServerCall> self = std::move(pending_);
  switch (state_) {
    case State::kWaiting:
      if (!is_success) return rpc_.reset();  // the server shuts down
      engine_.open_place();
      engine_.add(self);
      return read();
    case State::kReading:
      engine_.note_read();
      if (is_success) return handle();
      // Too large, cut off, or none at all: grpc++ has told the client where it was the limit.
      engine_.reject("unreadable_message", plain_peer(rpc_->context.peer()));
      may_answer_ = true;
      return finish(invalid_argument("the call came without a message that can be read"), {});
    case State::kHandling:
      return;
    case State::kFinishing:
      rpc_.reset();
      engine_.remove(self);
      return;
  }
}

void ServerCall::read() {
  void* tag = pend(State::kReading);
  rpc_->stream.Read(&rpc_->message, tag);
}

Call ServerCall::take_call() {
  Call call;
  call.method = rpc_->context.method();
  call.peer = plain_peer(rpc_->context.peer());
  for (const auto& [name, value] : rpc_->context.client_metadata()) {
    call.metadata.emplace_back(std::string(name.data(), name.size()),
                               std::string(value.data(), value.size()));
  }
  call.message = to_bytes(rpc_->message);
  call.compression = compression_of(rpc_->message, call.message.view());
  rpc_->message.Clear();
  return call;
}

void ServerCall::handle() {
  state_ = State::kHandling;
  may_answer_ = true;
  // Weak: running calls belong to the engine, which outlives them but not the responder.
  Responder responder([weak = weak_from_this()](const Status& status, std::string reply) {
    if (const auto call = weak.lock()) call->finish(status, std::move(reply));
  });
  engine_.handler(take_call(), std::move(responder));
}

void ServerCall::finish(const Status& status, std::string reply) {
  if (!may_answer_.exchange(false)) return;
  void* tag = pend(State::kFinishing);
  if (status.is_ok()) {
    rpc_->stream.WriteAndFinish(
        to_byte_buffer(Bytes::from_string(std::move(reply)), wire::Compression::kNone),
        ::grpc::WriteOptions(), ::grpc::Status::OK, tag);
    return;
  }
  std::string details;
  if (engine_.settings.encode_status_details != nullptr && status.retry_after().has_value()) {
    details = engine_.settings.encode_status_details(status);
  }
  rpc_->stream.Finish({static_cast<::grpc::StatusCode>(status.code()),
                       std::string(status.message()), std::move(details)},
                      tag);
}

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
  if (settings.concurrent_streams_max > 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               static_cast<int>(settings.concurrent_streams_max));
  }
  ::grpc::ResourceQuota quota("kolben-grpc-server");
  quota.Resize(std::max(kQuotaBytesMin, kMessagesInQuota * message_bytes));
  builder.SetResourceQuota(quota);
}

class GrpcServer final : public Server {
 public:
  GrpcServer(ServerSettings settings, Handler handler, http::OnRejected on_rejected)
      : engine_(std::move(settings), std::move(handler), std::move(on_rejected)) {}

  ~GrpcServer() override { stop(steady_clock::now()); }

  Status start() {
    KOLBEN_TRY(auto credentials, make_credentials(engine_.settings.tls));
    KOLBEN_TRY(Listeners listeners, listen_on(engine_.settings.endpoint));
    port_ = listeners.port;
    ::grpc::ServerBuilder builder;
    configure(builder, engine_.settings);
    builder.RegisterAsyncGenericService(&engine_.service);
    engine_.queue = builder.AddCompletionQueue();
    using FromFd = ::grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    external_ = builder.experimental().AddExternalConnectionAcceptor(FromFd::FROM_FD, credentials);
    server_ = builder.BuildAndStart();
    if (!server_) {
      engine_.queue->Shutdown();
      engine_.run();
      return internal_error("starting the gRPC server on " + engine_.settings.endpoint);
    }
    for (int i = 0; i < kPlaces; ++i) engine_.open_place();
    for (int i = 0; i < std::max(engine_.settings.threads, 1); ++i) {
      threads_.emplace_back("grpc-" + std::to_string(port_), [this] { engine_.run(); });
    }
    return start_accepting(std::move(listeners));
  }

  std::uint16_t port() const override { return port_; }

  void stop(steady_clock::time_point deadline) override {
    if (!server_) return;
    acceptor_.reset();
    engine_.set_stopping();
    // Says GOAWAY to the clients and waits for the calls; waits here so that calls without an
    // answer can be ended meanwhile.
    const auto now = steady_clock::now();
    const auto cancel_at =
        std::chrono::system_clock::now() + (std::max(deadline, now) - now) + kCancelAfter;
    Thread shutdown("grpc-stop", [this, cancel_at] {
      server_->Shutdown(cancel_at);
      engine_.set_shut_down();
    });
    const bool has_time =
        engine_.wait_until_answered(std::min(now + kGoAwayTime, deadline), deadline);
    engine_.finish_all(unavailable("the server shuts down"));
    // Ends the connections that are left; without time that is what Shutdown() does now.
    if (has_time) grpc_server_cancel_all_calls(server_->c_server());
    shutdown.join();
    engine_.wait_until_idle(steady_clock::now() + kCancelTime);
    engine_.queue->Shutdown();
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
    const auto on_rejected = [count = engine_.on_rejected](std::string_view reason,
                                                           std::string_view peer) {
      if (*count) (*count)(reason, peer);
    };
    KOLBEN_TRY(acceptor_, Acceptor::start(std::move(listeners), engine_.settings.tls.enabled,
                                          handover, on_rejected));
    return Status::ok();
  }

  Engine engine_;
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
