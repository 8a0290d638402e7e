// The extension `query`: the web page and the APIs that read the store, on one port.
//
//   query:
//     endpoint: localhost:16686
//     store: store              the exporter that keeps the data; without it, the only one there is
//     base_path: /jaeger        everything moves below it
//     cors: {allowed_origins: [https://example.com]}
//     tls: {cert_file, key_file, ...}
//
// Threads: the HTTP server's own, which serves the page's files, and a few workers that wait for
// the store. stop() lets running requests end until the deadline.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::query {

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context);

}  // namespace kolben::query
