// kolben-load: sends the reference data over OTLP/gRPC to an address on this machine, for a bounded
// time, and prints what was acknowledged.
//
//   kolben-load --endpoint 127.0.0.1:4317 [--seconds 5] [--in-flight 16] [--gzip]
//               [--distinct 64] [--connections 2]
//   kolben-load --endpoint 127.0.0.1:4317 --items 1000000 [--logs]
//
// Requests are made before the clock starts: this measures the receiver, not the generator. With
// --items each is another one, made while it is sent, until there are so many spans or log lines:
// this fills a store.
#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "bench/generator.h"
#include "bench/signals.h"
#include "net/grpc/client.h"
#include "otlp/service.h"
#include "wire/compression.h"

namespace {

using kolben::Bytes;
using kolben::Signal;
using kolben::bench::LogGenerator;
using kolben::bench::SpanGenerator;
using Clock = std::chrono::steady_clock;

// Before a request that was refused is sent again.
constexpr std::chrono::milliseconds kPause{20};
// One that is refused for longer has failed.
constexpr std::chrono::seconds kRefusedMax{60};

struct Options {
  std::string endpoint;
  double seconds = 5;
  int in_flight = 16;
  int connections = 2;
  int distinct = 64;
  bool gzip = false;
  std::uint64_t items = 0;  // 0: for some seconds, the same again and again
  bool logs = false;        // instead of spans
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options) {}

  int run() {
    if (options_.items == 0) make_requests();
    for (int i = 0; i < options_.connections; ++i) {
      auto client = kolben::net::grpc::Client::create(client_settings());
      if (!client.has_value()) {
        std::fprintf(stderr, "kolben-load: %s\n", client.error().to_string().c_str());
        return 1;
      }
      clients_.push_back(std::move(client).value());
    }
    begin_ = Clock::now();
    end_ = begin_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(options_.seconds));
    for (int i = 0; i < options_.in_flight; ++i) send_next();
    {
      const kolben::MutexLock lock(mutex_);
      while (running_.load() > 0) ended_.wait_for(mutex_, std::chrono::milliseconds(100));
    }
    return print();
  }

 private:
  kolben::net::grpc::ClientSettings client_settings() const {
    kolben::net::grpc::ClientSettings settings;
    settings.endpoint = options_.endpoint;
    settings.tls.insecure = true;
    return settings;
  }

  void make_requests() {
    for (int i = 0; i < options_.distinct; ++i) requests_.push_back(make_request());
  }

  Bytes make_request() {
    std::string message = options_.logs ? lines_.next_request() : spans_of_traces_.next_request();
    plain_bytes_ = message.size();
    if (options_.gzip) {
      // zlib's default level is what SDKs send.
      message = kolben::wire::compress(kolben::wire::Compression::kGzip, message, 6);
    }
    return Bytes::from_string(std::move(message));
  }

  std::uint64_t items_per_request() const {
    return options_.logs ? LogGenerator::kLinesPerRequest : SpanGenerator::kSpansPerRequest;
  }

  Bytes request_of(std::size_t number) {
    if (options_.items == 0) return requests_[number % requests_.size()];
    const kolben::MutexLock lock(generating_);
    return make_request();
  }

  void send_next() {
    if (options_.items == 0 && Clock::now() >= end_) return;
    const std::size_t number = next_.fetch_add(1);
    if (options_.items > 0 && number * items_per_request() >= options_.items) return;
    ++running_;
    send(number, request_of(number), Clock::now() + kRefusedMax);
  }

  // Again while it is refused for now, until `last`.
  void send(std::size_t number, const Bytes& message, Clock::time_point last) {
    kolben::net::grpc::OutgoingCall call;
    call.method = kolben::otlp::grpc_method(options_.logs ? Signal::kLogs : Signal::kTraces);
    call.message = message;
    call.compression =
        options_.gzip ? kolben::wire::Compression::kGzip : kolben::wire::Compression::kNone;
    call.timeout = std::chrono::seconds(30);
    clients_[number % clients_.size()]->call(
        std::move(call), [this, number, message, last](const kolben::Result<std::string>& reply) {
          if (reply.has_value()) {
            spans_ += items_per_request();
          } else if (options_.items > 0 && is_for_later(reply.error()) && Clock::now() < last) {
            std::this_thread::sleep_for(kPause);
            return send(number, message, last);
          } else if (failures_.fetch_add(1) == 0) {
            std::fprintf(stderr, "kolben-load: %s\n", reply.error().to_string().c_str());
          }
          send_next();
          if (--running_ == 0) {
            const kolben::MutexLock lock(mutex_);
            ended_.notify_all();
          }
        });
  }

  // The store says so while more comes than it can sort.
  static bool is_for_later(const kolben::Status& status) {
    return status.code() == kolben::StatusCode::kResourceExhausted ||
           status.code() == kolben::StatusCode::kUnavailable;
  }

  int print() const {
    const double took = std::chrono::duration<double>(Clock::now() - begin_).count();
    const auto spans = static_cast<double>(spans_.load());
    std::printf(
        "{\"spans\": %.0f, \"failures\": %llu, \"seconds\": %.3f, \"spans_per_second\": %.0f, "
        "\"bytes_per_span\": %.1f}\n",
        spans, static_cast<unsigned long long>(failures_.load()), took, spans / took,
        static_cast<double>(plain_bytes_) / static_cast<double>(items_per_request()));
    return failures_.load() == 0 ? 0 : 1;
  }

  const Options options_;
  kolben::Mutex generating_;
  SpanGenerator spans_of_traces_;
  LogGenerator lines_;
  std::vector<Bytes> requests_;
  std::size_t plain_bytes_ = 0;
  std::vector<std::unique_ptr<kolben::net::grpc::Client>> clients_;
  Clock::time_point begin_, end_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> running_{0};
  std::atomic<std::uint64_t> spans_{0};
  std::atomic<std::uint64_t> failures_{0};
  kolben::Mutex mutex_;
  kolben::CondVar ended_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Sends the reference data over OTLP/gRPC, on this machine, for a bounded time.");
  app.add_option("--endpoint", options.endpoint)->required();
  app.add_option("--seconds", options.seconds)->check(CLI::Range(0.1, 600.0));
  app.add_option("--in-flight", options.in_flight)->check(CLI::Range(1, 1000));
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 100));
  app.add_option("--distinct", options.distinct)->check(CLI::Range(1, 10000));
  app.add_flag("--gzip", options.gzip);
  app.add_option("--items", options.items)->check(CLI::Range(0, 100'000'000));
  app.add_flag("--logs", options.logs);
  CLI11_PARSE(app, argc, argv);
  return Load(options).run();
}
