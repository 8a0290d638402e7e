// Starts the state machine of one accepted connection. Only for the .cc files of this folder.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "net/http/server_core.h"
#include "net/http/tls_context.h"

namespace kolben::net::http {

// `tls` is null for plain HTTP.
void start_session(const std::shared_ptr<ServerCore>& core, boost::asio::ip::tcp::socket socket,
                   const TlsContext& tls);

}  // namespace kolben::net::http
