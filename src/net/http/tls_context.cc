#include "net/http/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <string>

#include "net/pem.h"

namespace kolben::net::http {

namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

Result<int> version_number(const std::string& version) {
  if (version.empty() || version == "1.2") return TLS1_2_VERSION;
  if (version == "1.3") return TLS1_3_VERSION;
  if (version == "1.1") return TLS1_1_VERSION;
  if (version == "1.0") return TLS1_VERSION;
  return invalid_argument("TLS min_version \"" + version + "\": known are 1.0, 1.1, 1.2, 1.3");
}

Status tls_error(const std::string& attempted, const std::string& path, const ErrorCode& error) {
  const std::string where = path.empty() ? "from the configuration" : path;
  return invalid_argument("TLS: " + attempted + " " + where + ": " + error.message());
}

Status use_identity(ssl::context& context, const std::string& cert_path, const std::string& cert,
                    const std::string& key_path, const std::string& key) {
  ErrorCode error;
  context.use_certificate_chain(boost::asio::buffer(cert), error);
  if (error) return tls_error("reading the certificate", cert_path, error);
  context.use_private_key(boost::asio::buffer(key), ssl::context::pem, error);
  if (error) return tls_error("reading the key", key_path, error);
  return Status::ok();
}

Status set_min_version(ssl::context& context, const std::string& version) {
  const Result<int> number = version_number(version);
  if (!number.has_value()) return number.error();
  SSL_CTX_set_min_proto_version(context.native_handle(), *number);
  return Status::ok();
}

Status trust(ssl::context& context, const std::string& path, const std::string& pem) {
  ErrorCode error;
  context.add_certificate_authority(boost::asio::buffer(pem), error);
  if (error) return tls_error("reading the authority", path, error);
  return Status::ok();
}

}  // namespace

Result<TlsContext> server_tls_context(const TlsServerSettings& settings) {
  KOLBEN_TRY(const std::string cert, read_pem(settings.cert_file, settings.cert_pem));
  KOLBEN_TRY(const std::string key, read_pem(settings.key_file, settings.key_pem));
  if (cert.empty() || key.empty()) {
    return invalid_argument("TLS: a server needs a certificate and a key (cert_file, key_file)");
  }
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  KOLBEN_RETURN_IF_ERROR(set_min_version(*context, settings.min_version));
  KOLBEN_RETURN_IF_ERROR(use_identity(*context, settings.cert_file, cert, settings.key_file, key));
  if (!settings.client_ca_file.empty()) {
    KOLBEN_TRY(const std::string authority, read_pem(settings.client_ca_file, {}));
    KOLBEN_RETURN_IF_ERROR(trust(*context, settings.client_ca_file, authority));
    SSL_CTX_set_verify(context->native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
  }
  return context;
}

Result<TlsContext> client_tls_context(const TlsClientSettings& settings) {
  KOLBEN_TRY(const std::string authority, read_pem(settings.ca_file, settings.ca_pem));
  KOLBEN_TRY(const std::string cert, read_pem(settings.cert_file, settings.cert_pem));
  KOLBEN_TRY(const std::string key, read_pem(settings.key_file, settings.key_pem));
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  KOLBEN_RETURN_IF_ERROR(set_min_version(*context, settings.min_version));
  if (!cert.empty()) {
    KOLBEN_RETURN_IF_ERROR(
        use_identity(*context, settings.cert_file, cert, settings.key_file, key));
  }
  if (!authority.empty()) {
    KOLBEN_RETURN_IF_ERROR(trust(*context, settings.ca_file, authority));
  } else {
    ErrorCode error;
    context->set_default_verify_paths(error);
    if (error) return tls_error("reading the system's authorities", "", error);
  }
  SSL_CTX_set_verify(context->native_handle(),
                     settings.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace kolben::net::http
