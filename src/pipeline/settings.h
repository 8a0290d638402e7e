// Settings that many components share, read from the keys that the Collector gives them
// (exporterhelper, configretry, configtls). The reader is the component's; each function reads one
// of its keys, and leaves the defaults where that is missing.
#pragma once

#include <string>

#include "config/reader.h"
#include "net/tls.h"
#include "pipeline/queue.h"
#include "pipeline/retry.h"

namespace kolben::pipeline {

// Key `sending_queue`.
void read_queue(config::Reader& component, QueueSettings& settings);
// Key `retry_on_failure`.
void read_retry(config::Reader& component, RetrySettings& settings);
// Key `tls` of something that connects.
void read_tls_client(config::Reader& component, net::TlsClientSettings& settings);
// Key `tls` of something that listens: TLS is on where the key is there.
void read_tls_server(config::Reader& component, net::TlsServerSettings& settings);
// After one of the other two, for gRPC: grpc++ 1.51 settles on 1.2 or 1.3 with its peer and can't
// be told to refuse 1.2, so `min_version: "1.3"` is told as a mistake instead of being broken
// silently.
void refuse_min_version_13(config::Reader& component, const std::string& min_version);

}  // namespace kolben::pipeline
