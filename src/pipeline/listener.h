// What every component with a listener does the same way: report its port, count whom it turned
// away.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/unique_function.h"
#include "net/http/server.h"
#include "pipeline/component.h"

namespace kolben::pipeline {

// Tells the host (ports file, log) that `name` listens on `port`; `endpoint` is what was
// configured.
void report_listener(Host& host, const std::string& name, const std::string& endpoint,
                     std::uint16_t port);

// A net::http::OnRejected that counts kolben_listener_rejected{listener, reason}. Reasons are few
// and fixed: each becomes a series. Any thread; the host outlives it.
UniqueFunction<void(std::string_view reason, std::string_view peer)> count_rejected(
    Host& host, const std::string& listener);

// An HTTP server of the component `name` with both: its rejections are counted, its port reported.
Result<std::unique_ptr<net::http::Server>> start_http_listener(
    Host& host, const std::string& name, const net::http::ServerSettings& settings,
    net::http::Handler handler);

}  // namespace kolben::pipeline
