#include "pipeline/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/yaml.h"

namespace kolben::pipeline {
namespace {

using namespace std::chrono_literals;

struct Read {
  QueueSettings queue;
  RetrySettings retry;
  net::TlsClientSettings client;
  net::TlsServerSettings server;
  std::string errors;
};

Read read(std::string_view yaml, bool is_server = false) {
  Read read;
  config::Errors errors;
  const config::Node node = config::parse_yaml(yaml, "k.yaml", errors);
  {
    config::Reader reader(node, "exporters::otlp", errors);
    read_queue(reader, read.queue);
    read_retry(reader, read.retry);
    if (is_server) {
      read_tls_server(reader, read.server);
    } else {
      read_tls_client(reader, read.client);
    }
  }
  read.errors = errors.to_string();
  return read;
}

TEST(Settings, TheDefaultsAreTheCollectors) {
  const Read defaults = read("{}");
  EXPECT_EQ(defaults.errors, "");
  EXPECT_TRUE(defaults.queue.enabled);
  EXPECT_EQ(defaults.queue.num_consumers, 10U);
  EXPECT_EQ(defaults.queue.queue_size, 1000U);
  EXPECT_EQ(defaults.queue.sizer, Sizer::kRequests);
  EXPECT_EQ(defaults.retry.initial_interval, 5s);
  EXPECT_EQ(defaults.retry.max_interval, 30s);
  EXPECT_EQ(defaults.retry.max_elapsed_time, 300s);
  EXPECT_EQ(defaults.client.min_version, "1.2");
  EXPECT_FALSE(read("tls:\n", true).server.enabled);
}

TEST(Settings, EveryKeyIsRead) {
  const Read all = read(
      "sending_queue: {enabled: true, num_consumers: 2, queue_size: 50, sizer: items,\n"
      "  block_on_overflow: true, wait_for_result: true,\n"
      "  batch: {flush_timeout: 1s, min_size: 10, max_size: 20, sizer: bytes}}\n"
      "retry_on_failure: {enabled: false, initial_interval: 1s, max_interval: 2s,\n"
      "  max_elapsed_time: 0, multiplier: 2, randomization_factor: 0}\n"
      "tls: {insecure: true, insecure_skip_verify: true, ca_file: a, cert_file: b, key_file: c,\n"
      "  server_name_override: d, min_version: \"1.3\"}\n");
  EXPECT_EQ(all.errors, "");
  EXPECT_EQ(all.queue.sizer, Sizer::kItems);
  EXPECT_TRUE(all.queue.block_on_overflow);
  EXPECT_TRUE(all.queue.wait_for_result);
  ASSERT_TRUE(all.queue.batch);
  EXPECT_EQ(all.queue.batch->max_size, 20U);
  EXPECT_EQ(all.queue.batch->sizer, Sizer::kBytes);
  EXPECT_FALSE(all.retry.enabled);
  EXPECT_EQ(all.retry.max_elapsed_time, 0s);
  EXPECT_EQ(all.client.server_name_override, "d");
  EXPECT_EQ(all.client.min_version, "1.3");
}

TEST(Settings, MistakesAreRefusedWithTheirPlaces) {
  EXPECT_EQ(read("sending_queue: {queue_size: 0, storage: file_storage, queu: 1}").errors,
            "k.yaml:1:41: exporters::otlp::sending_queue::storage: queues on disk are not there "
            "yet; remove the key\n"
            "k.yaml:1:29: exporters::otlp::sending_queue::queue_size: must be at least 1\n"
            "k.yaml:1:55: exporters::otlp::sending_queue: unknown key \"queu\"\n");
  EXPECT_EQ(read("retry_on_failure: {randomization_factor: 2}").errors,
            "k.yaml:1:42: exporters::otlp::retry_on_failure::randomization_factor: must be within "
            "[0, 1]\n");
  EXPECT_EQ(read("tls: {cert_file: a}").errors,
            "k.yaml:1:18: exporters::otlp::tls::cert_file: provide both a certificate and its key, "
            "or neither\n");
  EXPECT_EQ(read("tls: {}", true).errors,
            "k.yaml:1:6: exporters::otlp::tls: need cert_file and key_file (or cert_pem and "
            "key_pem) to serve TLS\n");
}

TEST(Settings, GrpcRefusesAMinimumThatItCannotKeep) {
  config::Errors errors;
  const config::Node node = config::parse_yaml("tls: {min_version: \"1.3\"}", "k.yaml", errors);
  config::Reader reader(node, "exporters::otlp", errors);
  net::TlsClientSettings settings;
  read_tls_client(reader, settings);
  refuse_min_version_13(reader, settings.min_version);
  EXPECT_EQ(errors.to_string(),
            "k.yaml:1:1: exporters::otlp::tls: min_version 1.3 can't be had over gRPC, which takes "
            "1.2 or 1.3 as the peer does; leave min_version out, or use OTLP/HTTP\n");
}

}  // namespace
}  // namespace kolben::pipeline
