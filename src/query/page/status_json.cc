#include "query/page/status_json.h"

#include <map>
#include <string_view>
#include <tuple>

#include "query/json.h"

namespace kolben::query::page {
namespace {

constexpr std::string_view kAccepted = "otelcol_receiver_accepted_";
constexpr std::string_view kRefused = "otelcol_receiver_refused_";
constexpr std::string_view kRejected = "kolben_listener_rejected";

std::string_view without_total(std::string_view name) {
  constexpr std::string_view kTotal = "_total";
  if (name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
  return name;
}

std::string_view label(const pipeline::Sample& sample, std::string_view name) {
  for (const auto& [key, value] : sample.labels) {
    if (key == name) return value;
  }
  return {};
}

std::uint64_t to_count(double value) {
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

struct Counts {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
};

void write_receivers(JsonWriter& json, const std::vector<pipeline::Sample>& samples) {
  // receiver, transport, signal
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, Counts> rows;
  for (const pipeline::Sample& sample : samples) {
    const std::string_view name = without_total(sample.name);
    const bool is_accepted = name.starts_with(kAccepted);
    if (!is_accepted && !name.starts_with(kRefused)) continue;
    const std::string_view signal = name.substr(is_accepted ? kAccepted.size() : kRefused.size());
    Counts& counts = rows[{label(sample, "receiver"), label(sample, "transport"), signal}];
    (is_accepted ? counts.accepted : counts.refused) += to_count(sample.value);
  }
  json.key("receivers");
  json.begin_array();
  for (const auto& [row, counts] : rows) {
    const auto& [receiver, transport, signal] = row;
    json.begin_object();
    text_field(json, "receiver", receiver);
    text_field(json, "transport", transport);
    text_field(json, "signal", signal);
    number_field(json, "accepted", counts.accepted);
    number_field(json, "refused", counts.refused);
    json.end_object();
  }
  json.end_array();
}

void write_rejected(JsonWriter& json, const std::vector<pipeline::Sample>& samples) {
  json.key("rejected");
  json.begin_array();
  for (const pipeline::Sample& sample : samples) {
    if (without_total(sample.name) != kRejected || sample.value <= 0) continue;
    json.begin_object();
    text_field(json, "listener", label(sample, "listener"));
    text_field(json, "reason", label(sample, "reason"));
    number_field(json, "count", to_count(sample.value));
    json.end_object();
  }
  json.end_array();
}

void write_ports(JsonWriter& json, const std::vector<pipeline::BoundPort>& ports) {
  json.key("ports");
  json.begin_array();
  for (const pipeline::BoundPort& port : ports) {
    json.begin_object();
    text_field(json, "name", port.name);
    text_field(json, "host", port.host);
    number_field(json, "port", port.port);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string status_json(const ProgramState& state) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  text_field(json, "version", KOLBEN_VERSION);
  decimal_field(json, "now", state.now_unix_nanos);
  json.key("store");
  json.begin_object();
  number_field(json, "spans", state.store.spans);
  number_field(json, "logRecords", state.store.log_records);
  number_field(json, "metricPoints", state.store.metric_points);
  number_field(json, "diskBytes", state.store.disk_bytes);
  number_field(json, "walBytes", state.store.wal_bytes);
  json.end_object();
  write_receivers(json, state.samples);
  write_rejected(json, state.samples);
  write_ports(json, state.ports);
  json.end_object();
  return text;
}

}  // namespace kolben::query::page
