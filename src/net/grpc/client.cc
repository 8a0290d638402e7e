#include "net/grpc/client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <atomic>
#include <unordered_map>

#include "base/mutex.h"
#include "base/thread.h"
#include "net/grpc/byte_buffer.h"
#include "net/grpc/client_target.h"
#include "net/pem.h"

namespace kolben::net::grpc {

namespace {

// A collector that starts later is found quickly: grpc++ would wait up to two minutes.
constexpr int kFirstBackoffMs = 200;
constexpr int kBackoffMaxMs = 5'000;
// Also how long one attempt to connect may take.
constexpr int kConnectTimeMs = 5'000;

// localhost needs no resolver, whose c-ares leaks a little at each look into the hosts file: it is
// both loopback addresses, the IPv4 one mapped because one URI holds one family.
std::string uri_of(const Address& address) {
  if (address.host != "localhost") return "dns:///" + address.to_string();
  const std::string port = std::to_string(address.port);
  return "ipv6:[::ffff:127.0.0.1]:" + port + ",[::1]:" + port;
}

Result<std::shared_ptr<::grpc::ChannelCredentials>> make_credentials(
    const TlsClientSettings& settings, bool uses_tls) {
  if (!uses_tls) return ::grpc::InsecureChannelCredentials();
  if (settings.min_version == "1.3") {
    return unimplemented(
        "TLS min_version 1.3 of a gRPC client: this build of grpc++ knows 1.2 only");
  }
  KOLBEN_TRY(std::string authority, read_pem(settings.ca_file, settings.ca_pem));
  KOLBEN_TRY(std::string cert, read_pem(settings.cert_file, settings.cert_pem));
  KOLBEN_TRY(std::string key, read_pem(settings.key_file, settings.key_pem));
  if (!settings.insecure_skip_verify) {
    ::grpc::SslCredentialsOptions options;
    options.pem_root_certs = std::move(authority);
    options.pem_cert_chain = std::move(cert);
    options.pem_private_key = std::move(key);
    return ::grpc::SslCredentials(options);
  }
  namespace tls = ::grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  if (!cert.empty()) {
    const std::vector<tls::IdentityKeyCertPair> pairs = {{std::move(key), std::move(cert)}};
    options.set_certificate_provider(
        std::make_shared<tls::StaticDataCertificateProvider>(authority, pairs));
    options.watch_identity_key_cert_pairs();
  }
  return tls::TlsCredentials(options);
}

bool is_loopback(const std::string& address) {
  return address.starts_with("localhost:") || address.starts_with("127.") ||
         address.starts_with("[::1]:");
}

::grpc::ChannelArguments make_arguments(const ClientSettings& settings,
                                        const ClientTarget& target) {
  ::grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kBackoffMaxMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeMs);
  // Retries are the exporter's business, and the buffers for them would be grpc++'s.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (is_loopback(target.address.to_string())) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!settings.user_agent.empty()) arguments.SetUserAgentPrefix(settings.user_agent);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority_of(settings, target));
  if (target.uses_tls && !settings.tls.server_name_override.empty()) {
    arguments.SetSslTargetNameOverride(settings.tls.server_name_override);
  }
  return arguments;
}

// "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to
// remote host: Connection refused" -> "connecting to localhost:1: Connection refused"
std::string readable(const std::string& message, const std::string& address) {
  for (const std::string_view marker : {"Failed to connect to remote host: ", "is_balancer=0: "}) {
    const std::size_t found = message.rfind(marker);
    if (found == std::string::npos) continue;
    return "connecting to " + address + ": " + message.substr(found + marker.size());
  }
  return message;
}

struct RunningCall {
  ::grpc::ClientContext context;
  ::grpc::ByteBuffer reply;
  ::grpc::Status status;
  std::unique_ptr<::grpc::ClientAsyncResponseReader<::grpc::ByteBuffer>> reader;
  Client::Callback callback;
};

class GrpcClient final : public Client {
 public:
  GrpcClient(ClientSettings settings, ClientTarget target,
             std::shared_ptr<::grpc::ChannelCredentials> credentials)
      : settings_(std::move(settings)),
        target_(std::move(target)),
        stub_(::grpc::CreateCustomChannel(uri_of(target_.address), std::move(credentials),
                                          make_arguments(settings_, target_))),
        thread_("grpc-client", [this] { run(); }) {}

  ~GrpcClient() override {
    {
      MutexLock lock(mutex_);
      is_closed_ = true;
      for (const auto& [key, call] : running_) call->context.TryCancel();
      while (!running_.empty()) idle_.wait(mutex_);
    }
    queue_.Shutdown();
    thread_.join();
  }

  void call(OutgoingCall outgoing, Callback callback) override {
    if (Status status = check_compression(outgoing.compression); !status.is_ok()) {
      return callback(std::move(status));
    }
    auto started = std::make_unique<RunningCall>();
    RunningCall& call = *started;
    call.callback = std::move(callback);
    for (const auto& [name, value] : settings_.metadata) call.context.AddMetadata(name, value);
    call.context.set_deadline(
        std::chrono::system_clock::now() +
        std::chrono::duration_cast<std::chrono::system_clock::duration>(outgoing.timeout));
    if (outgoing.compression == wire::Compression::kGzip) {
      call.context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    } else if (outgoing.compression == wire::Compression::kDeflate) {
      call.context.set_compression_algorithm(GRPC_COMPRESS_DEFLATE);
    }
    const ::grpc::ByteBuffer message =
        to_byte_buffer(std::move(outgoing.message), outgoing.compression);
    call.reader = stub_.PrepareUnaryCall(&call.context, outgoing.method, message, &queue_);
    if (!add(std::move(started))) return;
    call.reader->StartCall();
    call.reader->Finish(&call.reply, &call.status, &call);
  }

 private:
  // False, with the callback called, where the client is being destroyed.
  bool add(std::unique_ptr<RunningCall> call) {
    {
      MutexLock lock(mutex_);
      if (!is_closed_) {
        const void* key = call.get();
        running_.emplace(key, std::move(call));
        return true;
      }
    }
    call->callback(cancelled("the gRPC client is closed"));
    return false;
  }

  void run() {
    void* tag = nullptr;
    bool is_success = false;
    while (queue_.Next(&tag, &is_success)) {
      auto* call = static_cast<RunningCall*>(tag);
      call->callback(result_of(*call));
      MutexLock lock(mutex_);
      running_.erase(tag);
      if (running_.empty()) idle_.notify_all();
    }
  }

  Result<std::string> result_of(const RunningCall& call) const {
    if (call.status.ok()) return std::string(to_bytes(call.reply).view());
    Status status(static_cast<StatusCode>(call.status.error_code()),
                  readable(call.status.error_message(), target_.address.to_string()));
    const std::string details = call.status.error_details();
    if (details.empty() || settings_.decode_status_details == nullptr) return status;
    const Status detailed = settings_.decode_status_details(details);
    if (!detailed.retry_after().has_value()) return status;
    return std::move(status).with_retry_after(*detailed.retry_after());
  }

  const ClientSettings settings_;
  const ClientTarget target_;
  ::grpc::GenericStub stub_;
  ::grpc::CompletionQueue queue_;
  Mutex mutex_;
  CondVar idle_;
  std::unordered_map<const void*, std::unique_ptr<RunningCall>> running_ KOLBEN_GUARDED_BY(mutex_);
  bool is_closed_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::create(ClientSettings settings) {
  KOLBEN_TRY(ClientTarget target, read_endpoint(settings));
  KOLBEN_TRY(settings.metadata, read_metadata(std::move(settings.metadata)));
  KOLBEN_TRY(auto credentials, make_credentials(settings.tls, target.uses_tls));
  return std::unique_ptr<Client>(
      std::make_unique<GrpcClient>(std::move(settings), std::move(target), std::move(credentials)));
}

}  // namespace kolben::net::grpc
