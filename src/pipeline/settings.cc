#include "pipeline/settings.h"

#include <string>
#include <string_view>

namespace kolben::pipeline {
namespace {

using config::Reader;

void read_batch(Reader& queue, QueueSettings& settings) {
  const auto batch = queue.child("batch");
  if (!batch) return;
  QueueBatchSettings read;
  batch->optional("flush_timeout", read.flush_timeout);
  batch->optional("min_size", read.min_size);
  batch->optional("max_size", read.max_size);
  std::size_t sizer = 0;
  batch->choice("sizer", {"items", "bytes"}, sizer);
  read.sizer = sizer == 0 ? Sizer::kItems : Sizer::kBytes;
  if (batch->raw("partition") != nullptr) {
    batch->error("partition", "batches are not partitioned yet; remove the key");
  }
  if (read.max_size != 0 && read.max_size < read.min_size) {
    batch->error("max_size", "must be at least min_size, or 0 for no limit");
  }
  if (read.flush_timeout <= std::chrono::nanoseconds(0)) {
    batch->error("flush_timeout", "must be more than 0");
  }
  settings.batch = read;
}

void read_min_version(Reader& tls, std::string& min_version) {
  const std::vector<std::string_view> versions = {"1.0", "1.1", "1.2", "1.3"};
  std::size_t index = 2;
  tls.choice("min_version", versions, index);
  min_version = versions[index];
}

void ignore_common_tls_keys(Reader& tls) {
  tls.ignored("max_version", "the highest version that both sides know is used");
  tls.ignored("include_system_ca_certs_pool", "the system's certificates are used without ca_file");
  tls.ignored("reload_interval", "certificates are read once, at the start");
  tls.ignored("cipher_suites", "OpenSSL's default is used");
  tls.ignored("curve_preferences", "OpenSSL's default is used");
}

}  // namespace

void read_queue(Reader& component, QueueSettings& settings) {
  const auto queue = component.child("sending_queue");
  if (!queue) return;
  queue->optional("enabled", settings.enabled);
  queue->optional("num_consumers", settings.num_consumers);
  queue->optional("queue_size", settings.queue_size);
  std::size_t sizer = static_cast<std::size_t>(settings.sizer);
  queue->choice("sizer", {"requests", "items", "bytes"}, sizer);
  settings.sizer = static_cast<Sizer>(sizer);
  queue->optional("block_on_overflow", settings.block_on_overflow);
  queue->optional("wait_for_result", settings.wait_for_result);
  read_batch(*queue, settings);
  if (queue->raw("storage") != nullptr) {
    queue->error("storage", "queues on disk are not there yet; remove the key");
  }
  if (settings.enabled && settings.queue_size == 0) {
    queue->error("queue_size", "must be at least 1");
  }
  if (settings.enabled && settings.num_consumers == 0) {
    queue->error("num_consumers", "must be at least 1");
  }
}

void read_retry(Reader& component, RetrySettings& settings) {
  const auto retry = component.child("retry_on_failure");
  if (!retry) return;
  retry->optional("enabled", settings.enabled);
  retry->optional("initial_interval", settings.initial_interval);
  retry->optional("max_interval", settings.max_interval);
  retry->optional("max_elapsed_time", settings.max_elapsed_time);
  retry->optional("multiplier", settings.multiplier);
  retry->optional("randomization_factor", settings.randomization_factor);
  for (const char* key : {"initial_interval", "max_interval", "max_elapsed_time"}) {
    const std::string_view name = key;
    const auto value = name == "initial_interval" ? settings.initial_interval
                       : name == "max_interval"   ? settings.max_interval
                                                  : settings.max_elapsed_time;
    if (value < std::chrono::nanoseconds(0)) retry->error(key, "must be non-negative");
  }
  if (settings.multiplier < 0) retry->error("multiplier", "must be non-negative");
  if (settings.randomization_factor < 0 || settings.randomization_factor > 1) {
    retry->error("randomization_factor", "must be within [0, 1]");
  }
}

void read_tls_client(Reader& component, net::TlsClientSettings& settings) {
  const auto tls = component.child("tls");
  if (!tls) return;
  tls->optional("insecure", settings.insecure);
  tls->optional("insecure_skip_verify", settings.insecure_skip_verify);
  tls->optional("ca_file", settings.ca_file);
  tls->optional("cert_file", settings.cert_file);
  tls->optional("key_file", settings.key_file);
  tls->optional("ca_pem", settings.ca_pem);
  tls->optional("cert_pem", settings.cert_pem);
  tls->optional("key_pem", settings.key_pem);
  tls->optional("server_name_override", settings.server_name_override);
  read_min_version(*tls, settings.min_version);
  ignore_common_tls_keys(*tls);
  const bool has_cert = !settings.cert_file.empty() || !settings.cert_pem.empty();
  const bool has_key = !settings.key_file.empty() || !settings.key_pem.empty();
  if (has_cert != has_key) {
    tls->error(has_cert ? "cert_file" : "key_file",
               "provide both a certificate and its key, or neither");
  }
}

void refuse_min_version_13(config::Reader& component, const std::string& min_version) {
  if (min_version != "1.3") return;
  component.error(
      "tls",
      "min_version 1.3 can't be had over gRPC, which takes 1.2 or 1.3 as the peer does; "
      "leave min_version out, or use OTLP/HTTP");
}

void read_tls_server(Reader& component, net::TlsServerSettings& settings) {
  const config::Node* node = component.raw("tls");
  if (node == nullptr || node->kind == config::NodeKind::kNull) return;
  const auto tls = component.child("tls");
  settings.enabled = true;
  tls->optional("cert_file", settings.cert_file);
  tls->optional("key_file", settings.key_file);
  tls->optional("cert_pem", settings.cert_pem);
  tls->optional("key_pem", settings.key_pem);
  tls->optional("client_ca_file", settings.client_ca_file);
  read_min_version(*tls, settings.min_version);
  tls->ignored("client_ca_file_reload", "certificates are read once, at the start");
  ignore_common_tls_keys(*tls);
  const bool has_cert = !settings.cert_file.empty() || !settings.cert_pem.empty();
  const bool has_key = !settings.key_file.empty() || !settings.key_pem.empty();
  if (!has_cert || !has_key) {
    tls->error("", "need cert_file and key_file (or cert_pem and key_pem) to serve TLS");
  }
}

}  // namespace kolben::pipeline
