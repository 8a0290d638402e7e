#include "net/grpc/light_client.h"

#include <utility>

#include "net/grpc/client_target.h"
#include "net/grpc/light_messages.h"
#include "net/http2/client.h"
#include "wire/base64.h"

namespace kolben::net::grpc {
namespace {

class LightClient final : public Client {
 public:
  LightClient(ClientSettings settings, ClientTarget target, std::unique_ptr<http2::Client> client)
      : settings_(std::move(settings)),
        target_(std::move(target)),
        decode_details_(settings_.decode_status_details),
        client_(std::move(client)) {}

  void call(OutgoingCall outgoing, Callback callback) override {
    if (Status status = check_compression(outgoing.compression); !status.is_ok()) {
      return callback(std::move(status));
    }
    const auto timeout = outgoing.timeout;
    client_->send(request(std::move(outgoing)), timeout,
                  [decode = decode_details_,
                   callback = std::move(callback)](Result<http2::Response> result) mutable {
                    if (!result.has_value()) return callback(std::move(result).error());
                    callback(read_answer(*std::move(result), decode));
                  });
  }

 private:
  http2::Request request(OutgoingCall outgoing) const {
    http2::Request request;
    http::Headers& headers = request.headers;
    headers = {{":method", "POST"},
               {":scheme", target_.uses_tls ? "https" : "http"},
               {":path", std::move(outgoing.method)},
               {":authority", authority_of(settings_, target_)},
               {"te", "trailers"},
               {"content-type", "application/grpc"},
               {"user-agent", settings_.user_agent},
               {"grpc-timeout", format_timeout(outgoing.timeout)}};
    const bool is_compressed = outgoing.compression != wire::Compression::kNone;
    if (is_compressed) {
      headers.emplace_back("grpc-encoding", wire::to_string(outgoing.compression));
    }
    for (const auto& [name, value] : settings_.metadata) {
      std::string text;
      if (name.ends_with("-bin")) {
        wire::append_base64(value, text);
      } else {
        text = value;
      }
      headers.emplace_back(name, std::move(text));
    }
    request.prefix = message_prefix(is_compressed, outgoing.message.size());
    request.body = std::move(outgoing.message);
    return request;
  }

  const ClientSettings settings_;
  const ClientTarget target_;
  const DecodeDetails decode_details_;
  const std::unique_ptr<http2::Client> client_;
};

}  // namespace

Result<std::unique_ptr<Client>> create_light_client(ClientSettings settings) {
  KOLBEN_TRY(ClientTarget target, read_endpoint(settings));
  KOLBEN_TRY(settings.metadata, read_metadata(std::move(settings.metadata)));
  KOLBEN_TRY(auto client,
             http2::Client::create(
                 {.address = target.address, .uses_tls = target.uses_tls, .tls = settings.tls}));
  return std::unique_ptr<Client>(
      std::make_unique<LightClient>(std::move(settings), std::move(target), std::move(client)));
}

}  // namespace kolben::net::grpc
