#include "query/server/extension.h"

#include <string>
#include <utility>
#include <vector>

#include "config/reader.h"
#include "net/address.h"
#include "net/http/server.h"
#include "pipeline/listener.h"
#include "pipeline/settings.h"
#include "query/server/router.h"
#include "query/server/workers.h"

namespace kolben::query {
namespace {

// A browser opens six connections to a host; two pages that load at once find a thread each when
// the store is quick, and a search that takes seconds does not hold up the others.
constexpr std::size_t kWorkers = 4;
// Requests that wait for a worker. What does not fit is told to come again.
constexpr std::size_t kQueueMax = 64;
// A trace that somebody uploads as a file.
constexpr std::size_t kBodyBytesMax = 64 << 20;

struct QuerySettings {
  std::string id;
  net::http::ServerSettings http;
  std::string store;
  std::string base_path;
};

// Empty, or "/a/b": no slash at the end, no dots, nothing that would need escaping.
bool is_base_path(std::string_view path) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
  if (path.empty()) return true;
  return path.starts_with('/') && !path.ends_with('/') && path.find("//") == path.npos &&
         path.find("/.") == path.npos && path.find_first_not_of(kAllowed) == path.npos;
}

QuerySettings read_settings(pipeline::CreateContext& context) {
  QuerySettings settings;
  settings.id = context.id;
  settings.http.endpoint = "localhost:16686";
  settings.http.body_bytes_max = kBodyBytesMax;
  settings.http.watches_peers = true;
  // Here is what others want to read, and whoever asks is a browser or knows the name.
  settings.http.host_check = net::http::HostCheck::kEverybody;
  settings.http.allowed_hosts_key = "extensions::" + context.id + "::allowed_hosts";
  config::Reader reader(context.config, "extensions::" + context.id, context.errors);
  reader.optional("endpoint", settings.http.endpoint);
  reader.optional("store", settings.store);
  reader.optional("base_path", settings.base_path);
  reader.optional("allowed_hosts", settings.http.allowed_hosts);
  pipeline::read_tls_server(reader, settings.http.tls);
  if (const auto cors = reader.child("cors")) {
    cors->optional("allowed_origins", settings.http.cors_allowed_origins);
  }
  if (settings.base_path == "/") settings.base_path.clear();
  if (!is_base_path(settings.base_path)) {
    reader.error("base_path", "want a path such as \"/jaeger\", without a slash at its end");
  }
  if (const auto address = net::parse_address(settings.http.endpoint); !address) {
    reader.error("endpoint", std::string(address.error().message()));
  }
  return settings;
}

class QueryExtension final : public pipeline::Extension {
 public:
  explicit QueryExtension(QuerySettings settings) : settings_(std::move(settings)) {}
  ~QueryExtension() override { stop(std::chrono::steady_clock::now()); }

  Status start(pipeline::Host& host) override {
    router_ = std::make_unique<Router>(settings_.base_path, host);
    workers_ = std::make_unique<Workers>("query", kWorkers, kQueueMax);
    requests_refused_ = &host.telemetry().counter(
        "kolben_query_refused", "Requests that found no room in the queue of the query extension.",
        {{"extension", settings_.id}});
    auto server = pipeline::start_http_listener(
        host, settings_.id, settings_.http,
        [this](net::http::Request request, net::http::Responder responder) {
          handle(std::move(request), std::move(responder));
        });
    if (!server) return std::move(server).error().with_context("extension " + settings_.id);
    server_ = *std::move(server);
    return Status::ok();
  }

  Status ready(pipeline::Host& host) override {
    storage::Store* store = host.find<storage::Store>(settings_.store);
    if (store == nullptr && !settings_.store.empty()) {
      return failed_precondition("extension " + settings_.id + ": there is no exporter \"" +
                                 settings_.store + "\" that keeps data");
    }
    router_->set_store(store);
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (server_) server_->stop(deadline);
    if (workers_) workers_->stop();
    if (router_) router_->set_store(nullptr);
    server_.reset();
    workers_.reset();
  }

 private:
  // On a network thread.
  void handle(net::http::Request request, net::http::Responder responder) {
    if (!router_->may_block(request)) {
      responder.respond(router_->answer(request));
      return;
    }
    // Shared, because the request is still needed where the queue does not take it.
    struct Exchange {
      net::http::Request request;
      net::http::Responder responder;
    };
    auto exchange = std::make_shared<Exchange>(Exchange{std::move(request), std::move(responder)});
    Workers::Job job([this, exchange] {
      const auto& is_gone = exchange->request.is_peer_gone;
      const bool is_wanted = is_gone == nullptr || !is_gone->load();
      exchange->responder.respond(is_wanted ? router_->answer(exchange->request)
                                            : router_->nobody(exchange->request));
    });
    if (workers_->submit(job)) return;
    requests_refused_->add();
    exchange->responder.respond(router_->busy(exchange->request));
  }

  const QuerySettings settings_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<net::http::Server> server_;
  pipeline::Counter* requests_refused_ = nullptr;
};

}  // namespace

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context) {
  return std::make_unique<QueryExtension>(read_settings(context));
}

}  // namespace kolben::query
