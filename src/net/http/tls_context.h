// OpenSSL contexts from TLS settings. Only for the .cc files of this folder: brings in Asio.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "net/tls.h"

namespace kolben::net::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

Result<TlsContext> server_tls_context(const TlsServerSettings& settings);
Result<TlsContext> client_tls_context(const TlsClientSettings& settings);

}  // namespace kolben::net::http
