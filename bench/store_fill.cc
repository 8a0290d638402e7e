#include "bench/store_fill.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "otlp/check.h"
#include "otlp/decode.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/part/span_part_writer.h"
#include "storage/engine/part_output.h"
#include "storage/engine/part_set.h"

namespace kolben::bench {
namespace {

using namespace storage::engine;

// What merges make final, and what is sorted at once.
constexpr std::uint64_t kSpansPerPart = 2'500'000;
constexpr std::uint64_t kSpansAtOnce = 100'000;
// More than the generator lets pass for a span.
constexpr std::uint64_t kNanosPerSpan = 80'000;

class Portion {
 public:
  void add(std::string request) {
    WirePiece piece;
    const std::uint64_t items = *otlp::check(Signal::kTraces, request);
    piece.message = Bytes::from_string(std::move(request));
    std::vector<WirePiece> pieces;
    pieces.push_back(std::move(piece));
    batches_.push_back(Batch::from_wire(Signal::kTraces, std::move(pieces), items));
    KOLBEN_CHECK(otlp::decode(batches_.back()).is_ok());
    spans_ += items;
  }
  std::uint64_t spans() const { return spans_; }

  void write(storage::part::SpanPartWriter& writer) {
    std::vector<storage::part::SpanRow> rows;
    for (const Batch& batch : batches_) {
      for (const ResourceSpans& resource : batch.traces().resources) {
        const std::uint32_t number = writer.part().resource(resource.resource, resource.schema_url);
        for (const ScopeSpans& scope : resource.scopes) {
          const std::uint32_t scope_number = writer.part().scope(scope.scope, scope.schema_url);
          for (const Span& span : scope.spans) rows.push_back({&span, number, scope_number, 0});
        }
      }
    }
    storage::part::sort_rows(rows);
    writer.add(rows);
  }

 private:
  std::vector<Batch> batches_;
  std::uint64_t spans_ = 0;
};

// Whole traces; the next portion's begin later.
Portion next_portion(SpanGenerator& generator, std::uint64_t spans) {
  Portion portion;
  while (portion.spans() < spans) portion.add(generator.next_request());
  for (std::string& request : generator.finish()) portion.add(std::move(request));
  return portion;
}

BuiltPart write_part(SpanGenerator& generator, std::uint64_t spans, PartTarget& target) {
  auto output = target.begin();
  KOLBEN_CHECK(output.has_value());
  storage::part::SpanPartWriter writer(
      [&output](std::string_view bytes) { return (*output)->append(bytes); });
  for (std::uint64_t written = 0; written < spans;) {
    Portion portion = next_portion(generator, std::min(kSpansAtOnce, spans - written));
    portion.write(writer);
    written += portion.spans();
  }
  writer.part().facts().first_received = writer.part().facts().last_received =
      system_clock().unix_nanos();
  KOLBEN_CHECK(writer.finish().is_ok());
  BuiltPart built;
  auto part = (*output)->finish();
  KOLBEN_CHECK(part.has_value());
  built.part = std::move(*part);
  built.number = (*output)->number();
  built.merges = 2;
  return built;
}

}  // namespace

std::uint64_t fill_end(std::uint64_t spans) {
  return SpanGenerator::kBegin + spans * kNanosPerSpan;
}

void fill_store(const std::string& path, std::uint64_t spans, SpanData data) {
  auto directory = DataDirectory::open(system_file_system(), path);
  KOLBEN_CHECK(directory.has_value());
  Report report = [](const std::string&) {};
  PartSet parts(*directory, report);
  KOLBEN_CHECK(parts.create().is_ok());
  FileTarget target(*directory, [&parts] { return parts.take_number(); });
  SpanGenerator generator(2, data);
  for (std::uint64_t written = 0; written < spans;) {
    PartChange change;
    change.added.push_back(write_part(generator, std::min(kSpansPerPart, spans - written), target));
    written += change.added.front().part->facts().rows;
    KOLBEN_CHECK(parts.change(std::move(change)).is_ok());
  }
  KOLBEN_CHECK(directory->finish().is_ok());
}

}  // namespace kolben::bench
