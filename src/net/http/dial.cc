#include "net/http/dial.h"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <utility>

namespace kolben::net::http {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

bool is_literal(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

// The server's choice, which must be ours; a server that says nothing may still speak it.
bool agrees(SSL* tls, const std::string& protocol) {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls, &chosen, &size);
  return size == 0 || std::string_view(reinterpret_cast<const char*>(chosen), size) == protocol;
}

}  // namespace

Dial::Dial(asio::io_context& io, DialTarget target, tcp::socket& socket,
           std::optional<TlsStream>& tls)
    : target_(std::move(target)), socket_(socket), tls_(tls), resolver_(io) {}

void Dial::start(Callback callback) {
  callback_ = std::move(callback);
  resolve();
}

// The callback stays: what it owns may be all that keeps the socket for the handlers that are
// pending.
void Dial::cancel() {
  is_over_ = true;
  resolver_.cancel();
}

void Dial::finish(Status status) {
  is_over_ = true;
  std::exchange(callback_, {})(std::move(status));
}

Status Dial::failure(const std::string& how, const std::string& why) const {
  return unavailable("connecting to " + target_.address.to_string() + how + ": " + why);
}

void Dial::resolve() {
  const auto& [host, port] = target_.address;
  if (is_literal(host)) return connect({tcp::endpoint(asio::ip::make_address(host), port)});
  if (host == "localhost") {
    return connect({tcp::endpoint(asio::ip::address_v4::loopback(), port),
                    tcp::endpoint(asio::ip::address_v6::loopback(), port)});
  }
  resolver_.async_resolve(host, std::to_string(port),
                          [self = shared_from_this()](const ErrorCode& error,
                                                      const tcp::resolver::results_type& results) {
                            if (self->is_over_) return;
                            if (error) return self->finish(self->failure("", error.message()));
                            std::vector<tcp::endpoint> endpoints;
                            for (const auto& result : results)
                              endpoints.push_back(result.endpoint());
                            self->connect(std::move(endpoints));
                          });
}

void Dial::connect(std::vector<tcp::endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  asio::async_connect(socket_, endpoints_,
                      [self = shared_from_this()](const ErrorCode& error, const tcp::endpoint&) {
                        if (self->is_over_) return;
                        if (error) return self->finish(self->failure("", error.message()));
                        ErrorCode ignored;
                        self->socket_.set_option(tcp::no_delay(true), ignored);
                        if (self->target_.tls == nullptr) return self->finish(Status::ok());
                        self->shake_hands();
                      });
}

void Dial::shake_hands() {
  const TlsClientSettings& settings = target_.tls_settings;
  const std::string name =
      settings.server_name_override.empty() ? target_.address.host : settings.server_name_override;
  auto& tls = tls_.emplace(socket_, *target_.tls);
  // RFC 6066 section 3: literal addresses are no server names.
  if (!is_literal(name))
    SSL_ctrl(tls.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
  if (!settings.insecure_skip_verify) {
    ErrorCode ignored;
    tls.set_verify_callback(asio::ssl::host_name_verification(name), ignored);
  }
  if (!target_.protocol.empty()) {
    const std::string list = static_cast<char>(target_.protocol.size()) + target_.protocol;
    SSL_set_alpn_protos(tls.native_handle(), reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  tls.async_handshake(asio::ssl::stream_base::client,
                      [self = shared_from_this()](const ErrorCode& error) {
                        if (!self->is_over_) self->on_hands_shaken(error);
                      });
}

void Dial::on_hands_shaken(const ErrorCode& error) {
  if (error) return finish(failure(" with TLS", error.message()));
  if (!target_.protocol.empty() && !agrees(tls_->native_handle(), target_.protocol)) {
    return finish(failure(" with TLS", "the server does not speak " + target_.protocol));
  }
  finish(Status::ok());
}

}  // namespace kolben::net::http
