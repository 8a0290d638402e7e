// Doors: where services ask for their strategy, over HTTP and over gRPC.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "extensions/remote_sampling/strategies.h"
#include "net/grpc/server.h"
#include "net/http/server.h"
#include "pipeline/component.h"

namespace kolben::extensions::remote_sampling {

// The strategies in force. Any thread.
using CurrentStrategies = std::function<std::shared_ptr<const Strategies>()>;

Result<std::unique_ptr<net::http::Server>> open_http(pipeline::Host& host, const std::string& name,
                                                     const net::http::ServerSettings& settings,
                                                     CurrentStrategies strategies);
Result<std::unique_ptr<net::grpc::Server>> open_grpc(pipeline::Host& host, const std::string& name,
                                                     net::grpc::ServerSettings settings,
                                                     CurrentStrategies strategies);

}  // namespace kolben::extensions::remote_sampling
