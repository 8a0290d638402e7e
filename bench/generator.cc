#include "bench/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kolben::bench {
namespace {

using wire::ProtobufWriter;

constexpr std::string_view kServiceNames[SpanGenerator::kServices] = {
    "frontend", "checkout",  "cart",     "payment", "shipping", "currency", "catalog",
    "search",   "recommend", "ads",      "email",   "identity", "profile",  "inventory",
    "pricing",  "reviews",   "notifier", "gateway", "ledger",   "fraud"};
constexpr std::string_view kNouns[] = {"products", "orders", "users", "carts", "payments", "items"};
constexpr std::string_view kMethods[] = {"GET", "GET", "GET", "POST", "PUT", "DELETE"};
constexpr std::string_view kVerbs[] = {"Get", "List", "Create", "Update", "Delete"};
constexpr std::string_view kAgents[] = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Safari/604.1",
    "okhttp/4.12.0 (com.example.shop; build 20240611.3; Android 14; Pixel 8)",
};

// The shape of a trace: what a server does on average. Chosen so that a trace has 12.9 spans.
constexpr double kInternalsPerServer = 0.6;
constexpr double kQueriesPerServer = 1.2;
constexpr double kCallsByDepth[] = {1.66, 0.6, 0.0};
constexpr double kErrorShare = 0.02;
// Between the starts of two traces.
constexpr std::uint64_t kTraceEveryNanos = 900'000;
constexpr std::uint64_t kWideAttributes = 25;

void attribute(std::uint32_t number, std::string_view key, std::string_view value,
               ProtobufWriter& out) {
  const auto message = out.begin_message(number);
  out.bytes(1, key);
  const auto any = out.begin_message(2);
  out.bytes(1, value);
  out.end_message(any);
  out.end_message(message);
}

void write_resource(std::uint32_t instance, ProtobufWriter& out) {
  const std::string_view service = kServiceNames[instance / SpanGenerator::kInstances];
  const std::uint32_t number = instance % SpanGenerator::kInstances;
  const auto message = out.begin_message(1, 2);
  attribute(1, "service.name", service, out);
  attribute(1, "service.namespace", "shop", out);
  attribute(1, "service.version", fmt::format("2.{}.0", instance / 3), out);
  attribute(1, "service.instance.id", fmt::format("{}-{:08x}", service, instance * 2654435761u),
            out);
  attribute(1, "deployment.environment.name", "production", out);
  attribute(1, "host.name", fmt::format("node-{}", instance % 12), out);
  attribute(1, "host.arch", "amd64", out);
  attribute(1, "os.type", "linux", out);
  attribute(1, "k8s.pod.name", fmt::format("{}-7d9c6b5f4-{}", service, number), out);
  attribute(1, "k8s.namespace.name", "shop", out);
  attribute(1, "process.pid", fmt::format("{}", 1000 + instance), out);
  attribute(1, "telemetry.sdk.name", "opentelemetry", out);
  attribute(1, "telemetry.sdk.language", "java", out);
  attribute(1, "telemetry.sdk.version", "1.40.0", out);
  out.end_message(message);
}

std::string_view name_of(std::uint32_t instance) {
  return kServiceNames[instance / SpanGenerator::kInstances];
}

std::string_view bytes_of(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

}  // namespace

SpanGenerator::SpanGenerator(std::uint64_t seed, SpanData data, std::uint64_t begin_unix_nano)
    : random_(seed), data_(data), now_nanos_(begin_unix_nano) {}

std::uint32_t SpanGenerator::about(double mean) {
  const auto whole = static_cast<std::uint32_t>(mean);
  return whole + (random_.unit() < mean - whole ? 1 : 0);
}

std::uint32_t SpanGenerator::some_instance(std::uint32_t service) {
  return service * kInstances + static_cast<std::uint32_t>(random_.below(kInstances));
}

std::string SpanGenerator::next_request() {
  while (ready_.empty()) generate_trace();
  std::string request = std::move(ready_.back());
  ready_.pop_back();
  return request;
}

std::vector<std::string> SpanGenerator::finish() {
  std::vector<std::string> requests = std::exchange(ready_, {});
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    if (instances_[i].count > 0) requests.push_back(request_of(i));
  }
  return requests;
}

std::string SpanGenerator::request_of(std::uint32_t instance) {
  std::string request;
  {
    ProtobufWriter out(request);
    const auto resource_spans = out.begin_message(1, 3);
    write_resource(instance, out);
    const auto scope_spans = out.begin_message(2, 3);
    const auto scope = out.begin_message(1);
    out.bytes(1, "io.opentelemetry.netty");
    out.bytes(2, "2.6.0");
    out.end_message(scope);
    out.packed_bytes(instances_[instance].spans.data(), instances_[instance].spans.size());
    out.end_message(scope_spans);
    out.end_message(resource_spans);
  }
  instances_[instance].spans.clear();
  instances_[instance].count = 0;
  return request;
}

void SpanGenerator::generate_trace() {
  const std::uint64_t id[2] = {random_.next() | 1, random_.next()};
  now_nanos_ += random_.below(2 * kTraceEveryNanos);
  ++traces_;
  SpanContext context;
  context.trace_id = {reinterpret_cast<const char*>(id), sizeof(id)};
  context.parent_id = 0;
  context.instance = some_instance(static_cast<std::uint32_t>(random_.below(kServices)));
  context.start_nanos = now_nanos_;
  context.duration_nanos = 2'000'000 + random_.below(80'000'000);
  generate_server(Kind::kHttpServer, context, 0);
}

void SpanGenerator::generate_server(Kind kind, const SpanContext& context, int depth) {
  const std::uint64_t id = write_span(kind, context);
  SpanContext child = context;
  child.parent_id = id;
  const auto next = [&] {
    child.start_nanos += 1 + random_.below(context.duration_nanos / 8);
    child.duration_nanos = 1000 + random_.below(context.duration_nanos / 4);
  };
  for (std::uint32_t i = about(kInternalsPerServer); i > 0; --i) {
    next();
    write_span(Kind::kInternal, child);
  }
  for (std::uint32_t i = about(kQueriesPerServer); i > 0; --i) {
    next();
    write_span(Kind::kDatabase, child);
  }
  for (std::uint32_t i = about(kCallsByDepth[depth]); i > 0; --i) {
    next();
    generate_call(child, depth + 1);
  }
}

void SpanGenerator::generate_call(const SpanContext& context, int depth) {
  SpanContext server = context;
  server.parent_id = write_span(Kind::kRpcClient, context);
  server.instance = some_instance(static_cast<std::uint32_t>(random_.below(kServices)));
  server.start_nanos += context.duration_nanos / 20;
  server.duration_nanos = std::max<std::uint64_t>(context.duration_nanos * 9 / 10, 1000);
  generate_server(Kind::kRpcServer, server, depth);
}

std::uint64_t SpanGenerator::write_span(Kind kind, const SpanContext& context) {
  const std::uint64_t id = random_.next() | 1;
  const bool failed = random_.unit() < kErrorShare;
  const std::string_view noun = kNouns[random_.below(std::size(kNouns))];
  Instance& instance = instances_[context.instance];
  span_.clear();
  {
    ProtobufWriter out(span_);
    const auto span = out.begin_message(2, 2);
    out.bytes(1, context.trace_id);
    out.bytes(2, bytes_of(id));
    if (context.parent_id != 0) out.bytes(4, bytes_of(context.parent_id));
    switch (kind) {
      case Kind::kHttpServer:
        out.bytes(5, fmt::format("GET /api/v1/{}/{{id}}", noun));
        out.varint(6, 2);
        break;
      case Kind::kRpcServer:
      case Kind::kRpcClient:
        out.bytes(5, fmt::format("com.example.shop.v1.{}.Service/Get", name_of(context.instance)));
        out.varint(6, kind == Kind::kRpcServer ? 2 : 3);
        break;
      case Kind::kDatabase:
        out.bytes(5, fmt::format("SELECT shop.{}", noun));
        out.varint(6, 3);
        break;
      case Kind::kInternal:
        out.bytes(5, fmt::format("compute_{}", noun));
        out.varint(6, 1);
    }
    out.fixed64(7, context.start_nanos);
    out.fixed64(8, context.start_nanos + context.duration_nanos);
    const std::uint64_t attributes = attributes_;
    write_attributes(kind, failed, out);
    if (data_ == SpanData::kWide) write_more_attributes(attributes, out);
    if (failed) {
      write_exception(context.start_nanos + context.duration_nanos / 2, out);
      const auto status = out.begin_message(15);
      out.bytes(2, "the backend refused the request");
      out.varint(3, 2);
      out.end_message(status);
    }
    out.fixed32(16, 0x101);
    out.end_message(span);
  }
  instance.spans += span_;
  ++spans_;
  if (++instance.count == kSpansPerRequest) ready_.push_back(request_of(context.instance));
  return id;
}

void SpanGenerator::text(std::string_view key, std::string_view value, ProtobufWriter& out) {
  ++attributes_;
  attribute(9, key, value, out);
}

void SpanGenerator::integer(std::string_view key, std::uint64_t value, ProtobufWriter& out) {
  ++attributes_;
  const auto message = out.begin_message(9);
  out.bytes(1, key);
  const auto any = out.begin_message(2);
  out.varint(3, value);
  out.end_message(any);
  out.end_message(message);
}

void SpanGenerator::real(std::string_view key, double value, ProtobufWriter& out) {
  ++attributes_;
  const auto message = out.begin_message(9);
  out.bytes(1, key);
  const auto any = out.begin_message(2);
  out.real(4, value);
  out.end_message(any);
  out.end_message(message);
}

void SpanGenerator::boolean(std::string_view key, bool value, ProtobufWriter& out) {
  ++attributes_;
  const auto message = out.begin_message(9);
  out.bytes(1, key);
  const auto any = out.begin_message(2);
  out.boolean(2, value);
  out.end_message(any);
  out.end_message(message);
}

void SpanGenerator::write_attributes(Kind kind, bool failed, ProtobufWriter& out) {
  const std::string_view noun = kNouns[random_.below(std::size(kNouns))];
  const std::string_view service = kServiceNames[random_.below(kServices)];
  switch (kind) {
    case Kind::kHttpServer:
      text("http.request.method", kMethods[random_.below(std::size(kMethods))], out);
      text("http.route", fmt::format("/api/v1/{}/{{id}}", noun), out);
      text("url.path", fmt::format("/api/v1/{}/{}", noun, random_.below(100'000)), out);
      text("url.scheme", "https", out);
      integer("http.response.status_code", failed ? 500 : 200, out);
      text("server.address", "shop.example.com", out);
      text("client.address",
           fmt::format("10.{}.{}.{}", random_.below(4), random_.below(256), random_.below(256)),
           out);
      text("user_agent.original", kAgents[random_.below(std::size(kAgents))], out);
      text("network.protocol.version", "1.1", out);
      boolean("app.cache.hit", random_.below(3) == 0, out);
      real("app.cost", random_.unit(), out);
      return;
    case Kind::kRpcServer:
    case Kind::kRpcClient:
      text("rpc.system", "grpc", out);
      text("rpc.service", fmt::format("com.example.shop.v1.{}.Service", service), out);
      text("rpc.method", kVerbs[random_.below(std::size(kVerbs))], out);
      integer("rpc.grpc.status_code", failed ? 14 : 0, out);
      text("server.address", fmt::format("{}.shop.svc.eu-central-1.cluster.local", service), out);
      integer("server.port", 8080, out);
      text("network.transport", "tcp", out);
      integer("thread.id", 1 + random_.below(64), out);
      return;
    case Kind::kDatabase:
      text("db.system.name", "postgresql", out);
      text("db.namespace", "shop", out);
      text("db.operation.name", "SELECT", out);
      text("db.collection.name", noun, out);
      text("db.query.text",
           fmt::format(
               "SELECT id, name, price, currency, stock, created_at, updated_at FROM shop.{} "
               "WHERE id = $1 AND tenant_id = $2 AND deleted_at IS NULL LIMIT 100",
               noun),
           out);
      text("server.address", "postgres.shop.svc.eu-central-1.cluster.local", out);
      integer("server.port", 5432, out);
      integer("db.response.returned_rows", random_.below(100), out);
      text("peer.service", "postgres", out);
      return;
    case Kind::kInternal:
      text("code.function.name",
           fmt::format("com.example.shop.services.{}.internal.PriceCalculator.computeAll", noun),
           out);
      integer("code.line.number", random_.below(900), out);
      integer("thread.id", 1 + random_.below(64), out);
      text("thread.name", fmt::format("worker-{}", random_.below(16)), out);
      integer("app.user.id", random_.below(100'000), out);
      integer("app.items", random_.below(50), out);
      boolean("app.retry", failed, out);
      return;
  }
}

void SpanGenerator::write_more_attributes(std::uint64_t before, ProtobufWriter& out) {
  const auto uuid = [](std::uint64_t a, std::uint64_t b) {
    return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, a >> 16 & 0xffff,
                       a & 0xfff, b >> 52, b & 0xffffffffffff);
  };
  text("request.id", uuid(random_.next(), random_.next()), out);
  text("session.id", uuid(random_.next(), random_.next()), out);
  const std::uint64_t tenant = random_.below(1000) + 1;
  text("tenant.id", uuid(tenant * 0x9e3779b97f4a7c15, tenant * 0xc2b2ae3d27d4eb4f), out);
  for (std::uint64_t i = 0; attributes_ - before < kWideAttributes; ++i) {
    if (i % 3 == 0) {
      text(fmt::format("app.label.{}", i), fmt::format("value-{}", random_.below(8 + 4 * i)), out);
    } else if (i % 3 == 1) {
      integer(fmt::format("app.count.{}", i), random_.below(10 * i), out);
    } else {
      boolean(fmt::format("app.flag.{}", i), random_.below(8) == 0, out);
    }
  }
}

void SpanGenerator::write_exception(std::uint64_t time_nanos, ProtobufWriter& out) {
  const auto event = out.begin_message(11, 2);
  out.fixed64(1, time_nanos);
  out.bytes(2, "exception");
  attribute(3, "exception.type", "java.net.ConnectException", out);
  attribute(3, "exception.message", "Connection refused: backend:8080", out);
  attribute(3, "exception.stacktrace",
            "java.net.ConnectException: Connection refused: backend:8080\n"
            "\tat com.example.http.Client.connect(Client.java:211)\n"
            "\tat com.example.http.Client.send(Client.java:87)\n"
            "\tat com.example.shop.Handler.handle(Handler.java:45)\n",
            out);
  out.end_message(event);
}

std::vector<std::string> make_requests(std::uint64_t spans, std::uint64_t seed) {
  SpanGenerator generator(seed);
  std::vector<std::string> requests;
  for (std::uint64_t made = 0; made < spans; made += SpanGenerator::kSpansPerRequest) {
    requests.push_back(generator.next_request());
  }
  return requests;
}

}  // namespace kolben::bench
