// kolben store stats: what is stored, and how much room it takes.

#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>

#include "app/store/store_commands.h"
#include "wire/json_writer.h"

namespace kolben::app {
namespace {

struct TableStats {
  const char* name;
  std::uint64_t parts = 0, rows = 0, bytes = 0;
  std::uint64_t first_time = UINT64_MAX, last_time = 0;
};

struct StoreSize {
  std::array<TableStats, 3> tables = {TableStats{"traces"}, TableStats{"logs"},
                                      TableStats{"metrics"}};
  std::uint64_t disk_bytes = 0;
};

std::uint64_t deleted_rows(const storage::engine::LivePart& live) {
  std::uint64_t count = 0;
  for (std::uint32_t group = 0; live.deleted && group < live.part->groups(); ++group) {
    if (!live.deleted->any(group)) continue;
    for (std::uint32_t row = 0; row < live.part->group(group).rows; ++row) {
      if (live.deleted->contains(group, row)) ++count;
    }
  }
  return count;
}

void add(const std::vector<storage::engine::LivePart>& parts, TableStats& table) {
  for (const storage::engine::LivePart& live : parts) {
    const storage::part::PartFacts& facts = live.part->facts();
    ++table.parts;
    table.rows += facts.rows - deleted_rows(live);
    table.bytes += facts.bytes;
    table.first_time = std::min(table.first_time, facts.first_time);
    table.last_time = std::max(table.last_time, facts.last_time);
  }
}

Result<StoreSize> measure(storage::engine::Engine& engine) {
  // What the log holds, as it will be when we are done; on a full disk it stays in the log.
  static_cast<void>(engine.flush());
  KOLBEN_TRY(const storage::engine::Snapshot snapshot, engine.snapshot());
  StoreSize size;
  add(snapshot.spans, size.tables[0]);
  add(snapshot.logs, size.tables[1]);
  add(snapshot.points, size.tables[2]);
  size.disk_bytes = part_bytes(engine);
  return size;
}

std::string utc_text(std::uint64_t unix_nanos) {
  constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
  const auto seconds = static_cast<time_t>(unix_nanos / kNanosPerSecond);
  tm parts{};
  char text[32];
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(unix_nanos);
  const std::size_t length = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  return {text, length};
}

std::string to_text(const StoreSize& size) {
  std::string text = fmt::format("{:8} {:>14} {:>7} {:>15} {:>12}  {}\n", "", "rows", "parts",
                                 "bytes", "bytes a row", "from - to (UTC)");
  for (const TableStats& table : size.tables) {
    text +=
        fmt::format("{:8} {:>14} {:>7} {:>15}", table.name, table.rows, table.parts, table.bytes);
    if (table.rows > 0) {
      text += fmt::format(" {:>12.1f}  {} - {}",
                          static_cast<double>(table.bytes) / static_cast<double>(table.rows),
                          utc_text(table.first_time), utc_text(table.last_time));
    }
    text += '\n';
  }
  return text + fmt::format("on disk: {} bytes\n", size.disk_bytes);
}

std::string to_json(const StoreSize& size) {
  std::string text;
  wire::JsonWriter json(text);
  json.begin_object();
  for (const TableStats& table : size.tables) {
    json.key(table.name);
    json.begin_object();
    json.key("rows");
    json.unsigned_integer(table.rows);
    json.key("parts");
    json.unsigned_integer(table.parts);
    json.key("bytes");
    json.unsigned_integer(table.bytes);
    if (table.rows > 0) {
      json.key("firstTimeUnixNano");
      json.quoted_unsigned_integer(table.first_time);
      json.key("lastTimeUnixNano");
      json.quoted_unsigned_integer(table.last_time);
    }
    json.end_object();
  }
  json.key("diskBytes");
  json.unsigned_integer(size.disk_bytes);
  json.end_object();
  return text + '\n';
}

int stats(const std::string& data, const std::string& output) {
  auto engine = open_store(data);
  if (!engine) return fail("stats", engine.error());
  const Result<StoreSize> size = measure(**engine);
  if (size) std::fputs((output == "json" ? to_json(*size) : to_text(*size)).c_str(), stdout);
  return finish("stats", **engine, size.status());
}

}  // namespace

void add_store_stats(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand("stats", "What is stored, and how much room it takes");
  const auto data = add_data_option(*command);
  const auto output = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->callback([data, output, &exit_code] { exit_code = stats(*data, *output); });
}

}  // namespace kolben::app
