#include "bench/signals.h"

#include <fmt/format.h>

#include <string_view>

#include "wire/protobuf_writer.h"

namespace kolben::bench {
namespace {

using wire::ProtobufWriter;

constexpr std::uint64_t kServices = 20;
constexpr std::uint64_t kBegin = 1'700'000'000'000'000'000;
constexpr std::uint64_t kStepNanos = 10'000'000'000;
constexpr std::uint32_t kMetrics = 5;

void text(std::uint32_t number, std::string_view key, std::string_view value, ProtobufWriter& out) {
  const auto message = out.begin_message(number);
  out.bytes(1, key);
  const auto any = out.begin_message(2);
  out.bytes(1, value);
  out.end_message(any);
  out.end_message(message);
}

void write_resource(std::uint64_t service, ProtobufWriter& out) {
  const auto resource = out.begin_message(1);
  text(1, "service.name", fmt::format("service-{}", service), out);
  text(1, "host.name", fmt::format("node-{}", service % 12), out);
  text(1, "deployment.environment.name", "production", out);
  out.end_message(resource);
}

void write_scope(ProtobufWriter& out) {
  const auto scope = out.begin_message(1);
  out.bytes(1, "com.example.shop");
  out.end_message(scope);
}

}  // namespace

std::string LogGenerator::body() {
  const std::uint64_t number = random_.below(100'000);
  switch (random_.below(12)) {
    case 0:
      return fmt::format("GET /api/v1/products/{} 200 in {} ms", number, random_.below(300));
    case 1:
      return fmt::format("connection from 10.{}.{}.{}:{} accepted", random_.below(4),
                         random_.below(256), random_.below(256), 1024 + random_.below(60'000));
    case 2:
      return fmt::format("cache miss for key product:{}, loading from the database", number);
    case 3:
      return fmt::format("order {} confirmed, total {}.{:02} EUR", number, random_.below(500),
                         random_.below(100));
    case 4:
      return "health check passed";
    case 5:
      return fmt::format("worker-{} took job {:016x}", random_.below(16), random_.next());
    case 6:
      return fmt::format("slow query: SELECT * FROM shop.items WHERE id = {} took {} ms", number,
                         100 + random_.below(900));
    case 7:
      return fmt::format("user {} signed in", number);
    case 8:
      return fmt::format("retry {} of 5 for payment {}", 1 + random_.below(5), number);
    case 9:
      return fmt::format("flushed {} entries in {} us", random_.below(1000), random_.below(50'000));
    case 10:
      return "configuration reloaded";
    default:
      return fmt::format("session {:016x} expired after {} s", random_.next(), random_.below(3600));
  }
}

std::string LogGenerator::next_request() {
  std::string request;
  ProtobufWriter out(request);
  const auto resource_logs = out.begin_message(1, 3);
  write_resource(requests_++ % kServices, out);
  const auto scope_logs = out.begin_message(2, 3);
  write_scope(out);
  for (std::uint32_t i = 0; i < kLinesPerRequest; ++i) {
    now_nanos_ += random_.below(2'000'000);
    const auto record = out.begin_message(2, 2);
    out.fixed64(1, now_nanos_);
    const bool warns = random_.below(20) == 0;
    out.varint(2, warns ? 13 : 9);
    out.bytes(3, warns ? "WARN" : "INFO");
    const auto any = out.begin_message(5);
    out.bytes(1, body());
    out.end_message(any);
    text(6, "thread.name", fmt::format("worker-{}", random_.below(16)), out);
    text(6, "logger.name", fmt::format("com.example.shop.L{}", random_.below(40)), out);
    if (random_.below(4) == 0) {
      const std::uint64_t id[2] = {random_.next() | 1, random_.next()};
      out.bytes(9, {reinterpret_cast<const char*>(id), sizeof id});
      out.bytes(10, {reinterpret_cast<const char*>(id), sizeof id / 2});
    }
    out.fixed64(11, now_nanos_ + 1'000'000);
    out.end_message(record);
  }
  out.end_message(scope_logs);
  out.end_message(resource_logs);
  out.finish();
  return request;
}

PointGenerator::PointGenerator(std::uint64_t seed) : random_(seed) {
  for (std::uint64_t& sum : sums_) sum = random_.below(1'000'000);
  for (std::int64_t& value : tenths_) value = static_cast<std::int64_t>(random_.below(1000));
}

std::string PointGenerator::next_request() {
  constexpr std::uint32_t kRequestsPerStep = kSeries / kPointsPerRequest;
  constexpr std::uint32_t kPerMetric = kPointsPerRequest / kMetrics;
  const std::uint64_t now = kBegin + requests_ / kRequestsPerStep * kStepNanos;
  auto series = static_cast<std::uint32_t>(requests_++ % kRequestsPerStep) * kPointsPerRequest;
  std::string request;
  ProtobufWriter out(request);
  const auto resource_metrics = out.begin_message(1, 3);
  write_resource(series / kPointsPerRequest, out);
  const auto scope_metrics = out.begin_message(2, 3);
  write_scope(out);
  for (std::uint32_t m = 0; m < kMetrics; ++m) {
    const auto metric = out.begin_message(2, 3);
    out.bytes(1, fmt::format("shop.metric.{}", m));
    out.bytes(3, "1");
    const auto data = out.begin_message(m % 2 == 0 ? 7 : 5, 3);
    for (std::uint32_t i = 0; i < kPerMetric; ++i, ++series) {
      const auto point = out.begin_message(1);
      out.fixed64(2, kBegin);
      out.fixed64(3, now);
      if (m % 2 == 0) {
        sums_[series] += random_.below(10);
        out.fixed64(6, sums_[series]);
      } else {
        tenths_[series] += static_cast<std::int64_t>(random_.below(11)) - 5;
        out.real(4, static_cast<double>(tenths_[series]) / 10);
      }
      text(7, "pod", fmt::format("shop-{}", i), out);
      text(7, "zone", fmt::format("eu-{}", i % 3), out);
      out.end_message(point);
    }
    if (m % 2 == 0) {
      out.varint(2, 2);
      out.boolean(3, true);
    }
    out.end_message(data);
    out.end_message(metric);
  }
  out.end_message(scope_metrics);
  out.end_message(resource_metrics);
  out.finish();
  return request;
}

}  // namespace kolben::bench
