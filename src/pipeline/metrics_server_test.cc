#include "pipeline/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pipeline/testing/fake_host.h"

namespace kolben::pipeline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string get(std::uint16_t port, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    char buffer[4096];
    ssize_t count = 0;
    while ((count = ::read(socket, buffer, sizeof buffer)) > 0) {
      answer.append(buffer, static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  return answer;
}

TEST(MetricsServer, ServesCountersAndTheProcess) {
  testing::FakeHost host;
  host.telemetry()
      .counter("otelcol_receiver_accepted_spans", "help", {{"receiver", "otlp"}})
      .add(7);
  auto server = MetricsServer::start("localhost:0", host);
  ASSERT_TRUE(server.has_value()) << server.error().to_string();
  const std::uint16_t port = host.port("telemetry");
  ASSERT_NE(port, 0);
  const std::string answer = get(port, "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("otelcol_receiver_accepted_spans{receiver=\"otlp\"} 7\n"));
  EXPECT_THAT(answer, HasSubstr("otelcol_process_uptime 0\n"));
  EXPECT_THAT(get(port, "/"), StartsWith("HTTP/1.1 404"));
  EXPECT_GT(host.metric("otelcol_process_memory_rss"), 1e6);
  EXPECT_GT(host.metric("otelcol_process_cpu_seconds"), 0);
  (*server)->stop(std::chrono::steady_clock::now());
  EXPECT_EQ(host.metric("otelcol_process_memory_rss"), 0);  // nobody asks any more
}

}  // namespace
}  // namespace kolben::pipeline
