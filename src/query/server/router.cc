#include "query/server/router.h"

#include <algorithm>
#include <utility>

#include "query/assets/assets.h"
#include "query/call.h"
#include "query/jaeger/legacy.h"
#include "query/jaeger/legacy_answers.h"
#include "query/jaeger/v3.h"
#include "query/page/page.h"
#include "wire/compression.h"

namespace kolben::query {

using net::http::Request;
using net::http::Response;

namespace {

// Below it the header of gzip and the time for it are not worth it.
constexpr std::size_t kCompressedBytesMin = 4096;

enum class Api { kLegacy, kV3, kPage };

bool is_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

Api api_of(std::string_view path) {
  if (is_below(path, "/api/v3")) return Api::kV3;
  if (is_below(path, "/api/kolben")) return Api::kPage;
  return Api::kLegacy;
}

// An error in the shape of the API that was asked.
Response error_of(Api api, const Status& status) {
  const int http_status = net::http::http_status_of(status);
  switch (api) {
    case Api::kV3:
      return jaeger::v3_error(http_status, status.code(), status.message());
    case Api::kPage:
      return page::page_error(http_status, status.code(), status.message());
    case Api::kLegacy:
      break;
  }
  return jaeger::legacy_error(http_status, status.message());
}

// From "/jaeger" to "/jaeger/", below which the page's files lie. Relative, because a proxy may
// have cut something off in front; for now only, because a configuration changes.
Response to_folder(const Request& request, std::string_view base_path) {
  std::string location(base_path.substr(base_path.rfind('/') + 1));
  location += '/';
  const std::string_view target = request.target;
  location += target.substr(std::min(target.find('?'), target.size()));
  Response response = net::http::text_response(307, "the page is below " + location + "\n");
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

// A peer on this machine reads faster than we compress.
bool is_local(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
}

void compress(const Request& request, Response& response) {
  response.headers.emplace_back("Vary", "Accept-Encoding");
  const bool is_worth_it = response.body.size() >= kCompressedBytesMin && !is_local(request.peer);
  if (!is_worth_it || !assets::accepts_gzip(request.header("Accept-Encoding"))) return;
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.body =
      Bytes::from_string(wire::compress(wire::Compression::kGzip, response.body.view()));
}

}  // namespace

Router::Router(std::string base_path, pipeline::Host& host)
    : base_path_(std::move(base_path)), host_(host) {}

std::optional<std::string_view> Router::local_path(const Request& request) const {
  std::string_view path = request.path();
  if (!is_below(path, base_path_) && !base_path_.empty()) return std::nullopt;
  path.remove_prefix(base_path_.size());
  return path.empty() ? std::string_view("/") : path;
}

bool Router::may_block(const Request& request) const {
  const auto path = local_path(request);
  return path && is_below(*path, "/api");
}

Response Router::answer(const Request& request) const {
  const auto path = local_path(request);
  if (!path) {
    return net::http::text_response(
        404, "404 page not found: everything is below " + base_path_ + "/\n");
  }
  if (!base_path_.empty() && request.path() == base_path_) return to_folder(request, base_path_);
  if (is_below(*path, "/api")) return answer_api(request, *path);
  return assets::serve(request, *path, assets::embedded());
}

Response Router::answer_api(const Request& request, std::string_view path) const {
  const Api api = api_of(path);
  storage::Store* store = store_.load();
  if (store == nullptr) {
    return error_of(api, unavailable("there is no store to ask: the program is still starting, or "
                                     "its configuration has no exporter `store`"));
  }
  const auto parameters = Parameters::parse(request.target);
  if (!parameters) return error_of(api, parameters.error());
  const Call call{*store, host_.clock(), request, path, *parameters};
  Response response = api == Api::kPage ? page::answer_page(call, host_)
                      : api == Api::kV3 ? jaeger::answer_v3(call)
                                        : jaeger::answer_legacy(call);
  // No browser may take an answer for a page because a span's name looks like one.
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  compress(request, response);
  return response;
}

Response Router::nobody(const Request& request) const {
  return error_of(api_of(local_path(request).value_or("/api")),
                  cancelled("whoever asked hung up before this was answered"));
}

Response Router::busy(const Request& request) const {
  const Status status =
      unavailable("too many queries at once: try again").with_retry_after(std::chrono::seconds(1));
  Response response = error_of(api_of(local_path(request).value_or("/api")), status);
  net::http::set_retry_after(status, response);
  return response;
}

}  // namespace kolben::query
