#include "agent/process/sampling_source.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/process/export_advice.h"
#include "agent/process/user_agent.h"
#include "net/grpc/light_client.h"
#include "net/http/client.h"
#include "wire/protobuf_writer.h"

namespace kolben::agent {
namespace {

// Some thousands of operations.
constexpr std::size_t kAnswerBytesMax = 1 << 20;
net::TlsClientSettings tls_of(const RemoteSampling& remote) {
  net::TlsClientSettings tls;
  tls.insecure = remote.peer.insecure;
  return tls;
}

Status too_late() {
  return deadline_exceeded("the answer did not come in time");
}

// Who speaks HTTP alone, or knows no such method of gRPC's, may have it at a path.
Status with_hint_of_path(Status failure) {
  constexpr std::string_view kSigns[] = {"does not go on with HTTP/2", "does not speak",
                                         "is no HTTP", "broke before the answer", "HTTP status "};
  const std::string_view error = failure.message();
  const bool is_other =
      failure.code() == StatusCode::kUnimplemented ||
      std::any_of(std::begin(kSigns), std::end(kSigns), [&](std::string_view sign) {
        return error.find(sign) != std::string_view::npos;
      });
  if (!is_other) return failure;
  return {failure.code(),
          std::string(error) +
              "; asked over gRPC; over HTTP the endpoint needs its path, as /sampling"};
}

class GrpcSource final : public SamplingSource {
 public:
  GrpcSource(RemoteSampling remote, const std::string& service) : remote_(std::move(remote)) {
    wire::ProtobufWriter(question_).bytes(1, service);  // SamplingStrategyParameters
  }

  Result<SamplingStrategies> ask(std::chrono::nanoseconds timeout) override {
    if (client_ == nullptr) KOLBEN_RETURN_IF_ERROR(connect());
    net::grpc::OutgoingCall call;
    call.method = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
    call.message = Bytes::from_string(question_);
    call.timeout = timeout;
    auto result =
        asked<std::string>([&](auto done) { client_->call(std::move(call), std::move(done)); },
                           timeout + kGrace, ending_);
    if (!result) {
      client_.reset();  // cancels the call
      return too_late();
    }
    if (!result->has_value()) return with_hint_of_path(std::move(*result).error());
    if ((*result)->size() > kAnswerBytesMax) return invalid_argument("the answer is too long");
    return read_strategies_protobuf(**result);
  }

 private:
  Status connect() {
    net::grpc::ClientSettings client;
    client.endpoint = remote_.peer.endpoint;
    client.tls = tls_of(remote_);
    client.user_agent = agent_user_agent(kSamplerName);
    KOLBEN_TRY(client_, net::grpc::create_light_client(std::move(client)));
    return Status::ok();
  }

  const RemoteSampling remote_;
  std::string question_;
  std::unique_ptr<net::grpc::Client> client_;
};

class HttpSource final : public SamplingSource {
 public:
  HttpSource(RemoteSampling remote, const std::string& service) : remote_(std::move(remote)) {
    url_ = remote_.peer.endpoint;
    url_ += url_.find('?') == std::string::npos ? "?service=" : "&service=";
    url_ += net::http::percent_encode(service);
  }

  Result<SamplingStrategies> ask(std::chrono::nanoseconds timeout) override {
    if (client_ == nullptr) connect(timeout);
    net::http::ClientRequest request;
    request.method = "GET";
    request.url = url_;
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("User-Agent", agent_user_agent(kSamplerName));
    auto result = asked<net::http::Response>(
        [&](auto done) { client_->send(std::move(request), std::move(done)); }, timeout + kGrace,
        ending_);
    if (!result) {
      client_.reset();  // cancels the call
      return too_late();
    }
    if (!result->has_value()) return std::move(*result).error();
    const net::http::Response& response = **result;
    if (response.status != 200) {
      const std::string said = first_line(response.body.view());
      return unavailable("HTTP status " + std::to_string(response.status) +
                         (said.empty() ? "" : ": " + said));
    }
    return read_strategies_json(response.body.view());
  }

 private:
  void connect(std::chrono::nanoseconds timeout) {
    net::http::ClientSettings client;
    client.tls = tls_of(remote_);
    client.timeout = timeout;
    client.connections_max = 1;
    client.response_bytes_max = kAnswerBytesMax;
    client_ = net::http::Client::create(std::move(client));
  }

  const RemoteSampling remote_;
  std::string url_;
  std::unique_ptr<net::http::Client> client_;
};

}  // namespace

std::unique_ptr<SamplingSource> make_sampling_source(const RemoteSampling& remote,
                                                     const std::string& service) {
  if (remote.is_grpc) return std::make_unique<GrpcSource>(remote, service);
  return std::make_unique<HttpSource>(remote, service);
}

}  // namespace kolben::agent
