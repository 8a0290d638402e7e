// Settings that many components share, read from the keys that the Collector gives them
// (exporterhelper, configretry, configtls). The reader is the component's; each function reads one
// of its keys, and leaves the defaults where that is missing.
#pragma once

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

}  // namespace kolben::pipeline
