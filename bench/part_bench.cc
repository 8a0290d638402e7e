// What the columns of a part cost to write and to read, in values/s: row groups of 16,384 values.
#include <benchmark/benchmark.h>

#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "storage/engine/part/chunk.h"
#include "storage/engine/part/filter.h"
#include "storage/engine/part/ints.h"
#include "storage/engine/part/texts.h"

namespace kolben::bench {
namespace {

using namespace storage::part;

constexpr std::size_t kValues = 16'384;

using Numbers = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

// Codes of a dictionary of 200 of which few are frequent: zstd makes them smaller.
Numbers skewed_codes() {
  Random random(1);
  Numbers values(kValues);
  for (auto& value : values) value = static_cast<std::uint64_t>(std::pow(random.unit(), 4) * 200);
  return values;
}

// As many codes, all equally frequent: one raw plane.
Numbers even_codes() {
  Random random(2);
  Numbers values(kValues);
  for (auto& value : values) value = random.below(256);
  return values;
}

// Nanoseconds around 4 ms, log-normal.
Numbers durations() {
  Random random(3);
  Numbers values(kValues);
  for (auto& value : values) {
    const double normal = std::sqrt(-2 * std::log(1 - random.unit())) *
                          std::cos(2 * std::numbers::pi * random.unit());
    value = static_cast<std::uint64_t>(std::exp(std::log(4e6) + normal));
  }
  return values;
}

// The same, of clocks that count microseconds.
Numbers micro_durations() {
  Numbers values = durations();
  for (auto& value : values) value -= value % 1000;
  return values;
}

std::string hex_digits(Random& random, std::size_t digits) {
  std::string text;
  while (text.size() < digits) text.push_back("0123456789abcdef"[random.below(16)]);
  return text;
}

Texts uuids() {
  Random random(4);
  Texts values(kValues);
  for (auto& value : values) {
    for (const std::size_t digits : {8u, 4u, 4u, 4u, 12u}) {
      if (!value.empty()) value.push_back('-');
      value += hex_digits(random, digits);
    }
  }
  return values;
}

Texts hex_ids() {
  Random random(5);
  Texts values(kValues);
  for (auto& value : values) value = hex_digits(random, 16);
  return values;
}

Texts urls() {
  Random random(6);
  Texts values(kValues);
  for (auto& value : values) {
    value = "/api/v1/products/" + std::to_string(random.below(1'000'000)) + "/reviews";
  }
  return values;
}

// As most attributes: 40 different ones.
Texts routes() {
  Random random(7);
  Texts values(kValues);
  for (auto& value : values) {
    value = "/api/v1/resource" + std::to_string(random.below(40)) + "/{id}";
  }
  return values;
}

std::vector<std::string_view> views_of(const Texts& values) {
  return {values.begin(), values.end()};
}

void count(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues));
  state.counters["bytes/value"] = static_cast<double>(bytes) / static_cast<double>(kValues);
}

void encode_numbers(benchmark::State& state, const Numbers& values) {
  std::string out;
  for ([[maybe_unused]] const auto iteration : state) {
    out.clear();
    encode_ints(values, Order::kAsTheyAre, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, out.size());
}

template <typename Number>
void decode_numbers(benchmark::State& state, const Numbers& values) {
  std::string bytes;
  encode_ints(values, Order::kAsTheyAre, bytes);
  std::vector<Number> out;
  for ([[maybe_unused]] const auto iteration : state) {
    KOLBEN_CHECK(decode_ints(bytes, kValues, out));
    benchmark::DoNotOptimize(out.data());
  }
  count(state, bytes.size());
}

void decode_u32(benchmark::State& state, const Numbers& values) {
  decode_numbers<std::uint32_t>(state, values);
}
void decode_u64(benchmark::State& state, const Numbers& values) {
  decode_numbers<std::uint64_t>(state, values);
}

void encode_text(benchmark::State& state, const Texts& values) {
  const auto views = views_of(values);
  std::string out;
  for ([[maybe_unused]] const auto iteration : state) {
    out.clear();
    encode_texts(views, out);
    benchmark::DoNotOptimize(out.data());
  }
  count(state, out.size());
}

void decode_text(benchmark::State& state, const Texts& values) {
  std::string encoded;
  encode_texts(views_of(values), encoded);
  const Bytes bytes = Bytes::from_string(encoded);
  DecodedTexts out;
  for ([[maybe_unused]] const auto iteration : state) {
    KOLBEN_CHECK(decode_texts(bytes, kValues, out));
    benchmark::DoNotOptimize(out.values.data());
  }
  count(state, encoded.size());
}

// Blocks behind one another in memory.
struct Blocks {
  std::string bytes;
  BlockSink sink{[this](std::string_view block) {
    const BlockRef ref{bytes.size(), static_cast<std::uint32_t>(block.size()), crc32c(block)};
    bytes.append(block);
    return ref;
  }};
};

template <typename Writer, typename Values>
Chunk write_chunk(Writer writer, const Values& values, Blocks& blocks) {
  for (const auto& value : values) writer.add(value);
  return writer.finish(blocks.sink);
}

// Adding alone, as the memtable's rows go into their columns.
void add_text(benchmark::State& state, const Texts& values) {
  const auto views = views_of(values);
  for ([[maybe_unused]] const auto iteration : state) {
    TextChunkWriter writer;
    for (const std::string_view value : views) writer.add(value);
    benchmark::DoNotOptimize(writer.bytes());
  }
  count(state, 0);
}

void write_text(benchmark::State& state, const Texts& values) {
  const auto views = views_of(values);
  Blocks blocks;
  for ([[maybe_unused]] const auto iteration : state) {
    blocks.bytes.clear();
    write_chunk(TextChunkWriter(), views, blocks);
  }
  count(state, blocks.bytes.size());
}

void load_text(benchmark::State& state, const Texts& values) {
  Blocks blocks;
  const Chunk chunk = write_chunk(TextChunkWriter(), views_of(values), blocks);
  const MemorySource source(Bytes::from_string(blocks.bytes));
  for ([[maybe_unused]] const auto iteration : state) {
    const auto column = load_texts(source, chunk);
    KOLBEN_CHECK(column.has_value());
    benchmark::DoNotOptimize(column->codes.data());
  }
  count(state, blocks.bytes.size());
}

void write_numbers(benchmark::State& state, const Numbers& values) {
  Blocks blocks;
  for ([[maybe_unused]] const auto iteration : state) {
    blocks.bytes.clear();
    write_chunk(NumberChunkWriter(true), values, blocks);
  }
  count(state, blocks.bytes.size());
}

void probe_filter(benchmark::State& state, const Texts& values) {
  std::string filter;
  encode_filter(views_of(values), filter);
  std::uint64_t hash = filter_hash("absent");
  for ([[maybe_unused]] const auto iteration : state) {
    hash = hash * 0x9e3779b97f4a7c15 + filter_may_contain(filter, hash);
  }
  benchmark::DoNotOptimize(hash);
  state.SetItemsProcessed(state.iterations());
}

void add_filter(benchmark::State& state, const Texts& values) {
  const auto views = views_of(values);
  std::string filter;
  for ([[maybe_unused]] const auto iteration : state) {
    filter.clear();
    encode_filter(views, filter);
    benchmark::DoNotOptimize(filter.data());
  }
  count(state, filter.size());
}

BENCHMARK_CAPTURE(encode_numbers, skewed_codes, skewed_codes());
BENCHMARK_CAPTURE(encode_numbers, even_codes, even_codes());
BENCHMARK_CAPTURE(encode_numbers, durations, durations());
BENCHMARK_CAPTURE(encode_numbers, micro_durations, micro_durations());
BENCHMARK_CAPTURE(decode_u32, skewed_codes, skewed_codes());
BENCHMARK_CAPTURE(decode_u32, even_codes, even_codes());
BENCHMARK_CAPTURE(decode_u64, even_codes, even_codes());
BENCHMARK_CAPTURE(decode_u64, durations, durations());
BENCHMARK_CAPTURE(decode_u64, micro_durations, micro_durations());
BENCHMARK_CAPTURE(encode_text, uuids, uuids());
BENCHMARK_CAPTURE(encode_text, hex_ids, hex_ids());
BENCHMARK_CAPTURE(encode_text, urls, urls());
BENCHMARK_CAPTURE(decode_text, uuids, uuids());
BENCHMARK_CAPTURE(decode_text, hex_ids, hex_ids());
BENCHMARK_CAPTURE(decode_text, urls, urls());
BENCHMARK_CAPTURE(add_text, routes, routes());
BENCHMARK_CAPTURE(add_text, urls, urls());
BENCHMARK_CAPTURE(write_text, routes, routes());
BENCHMARK_CAPTURE(write_text, urls, urls());
BENCHMARK_CAPTURE(load_text, routes, routes());
BENCHMARK_CAPTURE(load_text, urls, urls());
BENCHMARK_CAPTURE(write_numbers, skewed_codes, skewed_codes());
BENCHMARK_CAPTURE(write_numbers, durations, durations());
BENCHMARK_CAPTURE(add_filter, urls, urls());
BENCHMARK_CAPTURE(probe_filter, urls, urls());

}  // namespace
}  // namespace kolben::bench

BENCHMARK_MAIN();
