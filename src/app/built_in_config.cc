#include "app/built_in_config.h"

namespace kolben::app {

std::string_view built_in_config() {
  return R"(# What `kolben up` runs. Everything here can be changed by --config and --set.
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: ${env:KOLBEN_LISTEN_HOST}:4317
      http:
        endpoint: ${env:KOLBEN_LISTEN_HOST}:4318
  zipkin:
    endpoint: ${env:KOLBEN_LISTEN_HOST}:9411

processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 1024

exporters:
  store:
    path: ${env:KOLBEN_DATA_DIR}
  prometheus:
    endpoint: ${env:KOLBEN_LISTEN_HOST}:8889

extensions:
  query:
    endpoint: ${env:KOLBEN_LISTEN_HOST}:16686
  health_check:
    endpoint: ${env:KOLBEN_LISTEN_HOST}:13133
  remote_sampling:
    file:
      default_sampling_probability: 1
    http:
      endpoint: ${env:KOLBEN_LISTEN_HOST}:5778
    grpc:
      endpoint: ${env:KOLBEN_LISTEN_HOST}:5779

service:
  extensions: [query, health_check, remote_sampling]
  telemetry:
    metrics:
      address: ${env:KOLBEN_LISTEN_HOST}:8888
  pipelines:
    traces:
      receivers: [otlp, zipkin]
      processors: [memory_limiter]
      exporters: [store]
    metrics:
      receivers: [otlp]
      processors: [memory_limiter]
      exporters: [store, prometheus]
    logs:
      receivers: [otlp]
      processors: [memory_limiter]
      exporters: [store]
)";
}

}  // namespace kolben::app
