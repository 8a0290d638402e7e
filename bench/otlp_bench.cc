// What the data path costs on the reference data: spans/s and bytes of plain OTLP a second.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "bench/generator.h"
#include "otlp/check.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/json.h"
#include "wire/compression.h"

namespace kolben::bench {
namespace {

constexpr std::uint64_t kRequests = 32;  // about 7 MB: more than a core's own cache
constexpr std::size_t kSizeMax = 64 << 20;

const std::vector<std::string>& requests() {
  static const auto& made =
      *new std::vector<std::string>(make_requests(kRequests * SpanGenerator::kSpansPerRequest));
  return made;
}

Batch batch_of(const Bytes& message) {
  std::vector<WirePiece> pieces;
  pieces.push_back({message, {}, wire::Compression::kNone});
  return Batch::from_wire(Signal::kTraces, std::move(pieces), SpanGenerator::kSpansPerRequest);
}

std::vector<Bytes> shared_requests() {
  std::vector<Bytes> shared;
  for (const std::string& request : requests()) shared.push_back(Bytes::from_string(request));
  return shared;
}

// Calls `run(input)` for one input of each request in turn; `inputs` are made from the requests.
template <typename Inputs, typename Run>
void measure(benchmark::State& state, const Inputs& inputs, Run run) {
  std::size_t index = 0;
  std::size_t bytes = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    run(inputs[index]);
    bytes += requests()[index].size();
    index = (index + 1) % inputs.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["spans/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * SpanGenerator::kSpansPerRequest,
                         benchmark::Counter::kIsRate);
}

void check(benchmark::State& state) {
  measure(state, requests(), [](const std::string& request) {
    const auto items = otlp::check(Signal::kTraces, request);
    KOLBEN_CHECK(items.has_value() && *items == SpanGenerator::kSpansPerRequest);
  });
}
BENCHMARK(check);

void decode(benchmark::State& state) {
  measure(state, shared_requests(), [](const Bytes& request) {
    Batch batch = batch_of(request);
    KOLBEN_CHECK(otlp::decode(batch).is_ok());
    benchmark::DoNotOptimize(batch.traces());
  });
}
BENCHMARK(decode);

void encode(benchmark::State& state) {
  std::vector<Batch> batches;
  for (const Bytes& request : shared_requests()) {
    batches.push_back(batch_of(request));
    KOLBEN_CHECK(otlp::decode(batches.back()).is_ok());
  }
  measure(state, batches, [](const Batch& batch) {
    std::string out;
    otlp::encode(batch, out);
    benchmark::DoNotOptimize(out.data());
  });
}
BENCHMARK(encode);

void clone(benchmark::State& state) {
  std::vector<Batch> batches;
  for (const Bytes& request : shared_requests()) {
    batches.push_back(batch_of(request));
    KOLBEN_CHECK(otlp::decode(batches.back()).is_ok());
  }
  measure(state, batches, [](const Batch& batch) {
    const Batch copy = batch.clone();
    benchmark::DoNotOptimize(&copy);
  });
}
BENCHMARK(clone);

void json_encode(benchmark::State& state) {
  std::vector<Batch> batches;
  for (const Bytes& request : shared_requests()) {
    batches.push_back(batch_of(request));
    KOLBEN_CHECK(otlp::decode(batches.back()).is_ok());
  }
  measure(state, batches, [](const Batch& batch) {
    std::string out;
    otlp::encode_json(batch, out);
    benchmark::DoNotOptimize(out.data());
  });
}
BENCHMARK(json_encode);

void json_decode(benchmark::State& state) {
  std::vector<std::string> texts;
  for (const Bytes& request : shared_requests()) {
    otlp::encode_json(batch_of(request), texts.emplace_back());
  }
  measure(state, texts, [](const std::string& text) {
    const auto batch = otlp::decode_json(Signal::kTraces, text);
    KOLBEN_CHECK(batch.has_value());
  });
}
BENCHMARK(json_decode);

void compress(benchmark::State& state, wire::Compression compression) {
  measure(state, requests(), [compression](const std::string& request) {
    benchmark::DoNotOptimize(wire::compress(compression, request).size());
  });
}
BENCHMARK_CAPTURE(compress, gzip, wire::Compression::kGzip);
BENCHMARK_CAPTURE(compress, zstd, wire::Compression::kZstd);
BENCHMARK_CAPTURE(compress, lz4, wire::Compression::kLz4);
BENCHMARK_CAPTURE(compress, snappy, wire::Compression::kSnappy);

void decompress(benchmark::State& state, wire::Compression compression, int level) {
  std::vector<std::string> inputs;
  for (const std::string& request : requests()) {
    inputs.push_back(wire::compress(compression, request, level));
  }
  measure(state, inputs, [compression](const std::string& input) {
    KOLBEN_CHECK(wire::decompress(compression, input, kSizeMax).has_value());
  });
}
BENCHMARK_CAPTURE(decompress, gzip6, wire::Compression::kGzip, 6);
BENCHMARK_CAPTURE(decompress, zstd, wire::Compression::kZstd, 1);
BENCHMARK_CAPTURE(decompress, lz4, wire::Compression::kLz4, 0);
BENCHMARK_CAPTURE(decompress, snappy, wire::Compression::kSnappy, 0);

void print_reference_data() {
  SpanGenerator generator;
  std::size_t bytes = 0;
  std::uint64_t spans = 0;
  for (int i = 0; i < 200; ++i) {
    bytes += generator.next_request().size();
    spans += SpanGenerator::kSpansPerRequest;
  }
  const auto ratio = [](auto a, auto b) { return static_cast<double>(a) / static_cast<double>(b); };
  std::printf("reference data: %.1f bytes a span, %.1f attributes a span, %.1f spans a trace\n",
              ratio(bytes, spans), ratio(generator.attributes(), generator.spans()),
              ratio(generator.spans(), generator.traces()));
}

}  // namespace
}  // namespace kolben::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  kolben::bench::print_reference_data();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
