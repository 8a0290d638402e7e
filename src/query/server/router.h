// Router: one request to one answer, for every path of port 16686: Jaeger's APIs, the page's own
// calls, the page. Blocks while the store reads. Any thread.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/server.h"
#include "pipeline/component.h"
#include "storage/store.h"

namespace kolben::query {

class Router {
 public:
  // `base_path`: empty, or "/jaeger" without a slash at the end. `host` outlives the router.
  Router(std::string base_path, pipeline::Host& host);

  // Until it is called, and after it is called with null, the APIs answer 503.
  void set_store(storage::Store* store) { store_.store(store); }

  // Whether answering may take long: then it must not happen on a network thread.
  bool may_block(const net::http::Request& request) const;

  net::http::Response answer(const net::http::Request& request) const;

  // The answer to a request that there is no room for.
  net::http::Response busy(const net::http::Request& request) const;
  // The answer to a request whose sender hung up while it waited: nobody reads it.
  net::http::Response nobody(const net::http::Request& request) const;

 private:
  // Below the base path; nothing where the request is for somebody else.
  std::optional<std::string_view> local_path(const net::http::Request& request) const;
  net::http::Response answer_api(const net::http::Request& request, std::string_view path) const;

  const std::string base_path_;
  pipeline::Host& host_;
  std::atomic<storage::Store*> store_{nullptr};
};

}  // namespace kolben::query
