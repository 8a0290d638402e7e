#include "storage/engine/part/series.h"

#include <algorithm>
#include <numeric>

#include "otlp/fragments.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/part_writer.h"

namespace kolben::storage::part {
namespace {

// Lists of attributes are written as OTLP has them in a Resource.
void put_attributes(std::string& out, const Attributes& attributes) {
  std::string message;
  Resource resource;
  resource.attributes = attributes;
  otlp::encode_fragment(resource, message);
  put_text(out, message);
}

bool read_attributes(Cursor& in, Arena& arena, Attributes& attributes) {
  Resource resource;
  const bool is_good = otlp::decode_fragment(in.text(), resource, arena);
  attributes = resource.attributes;
  return is_good;
}

void put_key(std::string& out, std::uint32_t resource, std::uint32_t scope, const Metric& metric,
             const Attributes& attributes) {
  put_text(out, metric.name);
  put_text(out, metric.unit);
  put_text(out, metric.description);
  put_fixed(out, static_cast<std::uint8_t>(metric.kind));
  put_varint(out, static_cast<std::uint32_t>(metric.temporality));
  put_fixed(out, static_cast<std::uint8_t>(metric.is_monotonic ? 1 : 0));
  put_attributes(out, metric.metadata);
  put_varint(out, resource);
  put_varint(out, scope);
  put_attributes(out, attributes);
}

bool read_key(Cursor& in, Arena& arena, SeriesKey& key) {
  key.metric.name = in.text();
  key.metric.unit = in.text();
  key.metric.description = in.text();
  const std::uint8_t kind = in.byte();
  if (kind > static_cast<std::uint8_t>(MetricKind::kSummary)) return false;
  key.metric.kind = static_cast<MetricKind>(kind);
  key.metric.temporality = static_cast<Temporality>(static_cast<std::int32_t>(in.varint()));
  key.metric.is_monotonic = in.byte() != 0;
  if (!read_attributes(in, arena, key.metric.metadata)) return false;
  key.resource = static_cast<std::uint32_t>(in.varint());
  key.scope = static_cast<std::uint32_t>(in.varint());
  return read_attributes(in, arena, key.attributes) && !in.failed();
}

}  // namespace

std::uint32_t SeriesTable::number_of(std::uint32_t resource, std::uint32_t scope,
                                     const Metric& metric, const Attributes& attributes) {
  scratch_.clear();
  put_key(scratch_, resource, scope, metric, attributes);
  const auto [found, is_new] =
      numbers_.try_emplace(scratch_, static_cast<std::uint32_t>(keys_.size()));
  if (is_new) keys_.push_back(scratch_);
  return found->second;
}

std::vector<std::uint32_t> SeriesTable::ranks() const {
  std::vector<std::uint32_t> order(keys_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto name_of = [this](std::uint32_t number) { return Cursor(keys_[number]).text(); };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::string_view name_a = name_of(a);
    const std::string_view name_b = name_of(b);
    return name_a != name_b ? name_a < name_b : keys_[a] < keys_[b];
  });
  std::vector<std::uint32_t> ranks(keys_.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

std::string SeriesTable::encode() const {
  const std::vector<std::uint32_t> ranks = this->ranks();
  std::vector<std::string_view> ordered_keys(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) ordered_keys[ranks[i]] = keys_[i];
  std::string text;
  put_varint(text, keys_.size());
  for (const std::string_view key : ordered_keys) text += key;
  return pack_envelope(text);
}

Status decode_series(std::string_view envelope, Arena& arena, DecodedSeries& out) {
  KOLBEN_TRY(out.text, open_envelope(envelope));
  Cursor in(out.text);
  constexpr std::size_t kEntryBytesMin = 10;
  out.series.resize(in.count(kEntryBytesMin));
  for (SeriesKey& key : out.series) {
    if (!read_key(in, arena, key)) in.fail();
  }
  return in.is_done() ? Status::ok() : data_loss("the table of series is malformed");
}

}  // namespace kolben::storage::part
