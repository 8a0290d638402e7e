// Starts one request of a client on its way. Only for the .cc files of this folder: brings in Asio.
#pragma once

#include "net/http/client_pool.h"

namespace kolben::net::http {

// On the client's thread. The callback is called once: with the answer, by time, or when the pool
// cancels. The pool outlives the exchange.
void start_exchange(Pool& pool, ClientRequest request, Client::Callback callback);

}  // namespace kolben::net::http
