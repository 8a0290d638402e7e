#include "app/store/store_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "app/cli/commands.h"
#include "app/configuration.h"
#include "app/descriptor_limit.h"
#include "base/clock.h"
#include "base/file_system.h"

namespace kolben::app {

void add_store(CLI::App& program, int& exit_code) {
  CLI::App* store =
      program.add_subcommand("store", "Check, measure, move or mend the store of a stopped Kolben");
  store->require_subcommand(1);
  add_store_check(*store, exit_code);
  add_store_stats(*store, exit_code);
  add_store_compact(*store, exit_code);
  add_store_export(*store, exit_code);
  add_store_import(*store, exit_code);
  add_store_delete(*store, exit_code);
  add_store_snapshot(*store, exit_code);
}

std::shared_ptr<std::string> add_data_option(CLI::App& command) {
  auto data = std::make_shared<std::string>();
  command.add_option("--data", *data, "The store's directory, as for `kolben up`")
      ->type_name("DIR");
  return data;
}

std::string store_path(const std::string& data_option) {
  if (!data_option.empty()) return data_option;
  const config::Environment& environment = config::process_environment();
  if (const auto data = environment.variable("KOLBEN_DATA_DIR"); data && !data->empty()) {
    return *data;
  }
  return default_data_dir(environment);
}

namespace {

// Of the log, for commands that write nothing into it.
constexpr std::uint64_t kIdleSegmentBytes = 1 << 20;

Result<std::unique_ptr<storage::engine::Engine>> open_engine(storage::engine::Options options) {
  KOLBEN_RETURN_IF_ERROR(raise_descriptor_limit());  // each part takes one
  // Nothing goes because of its age or size while somebody looks.
  options.retention_bytes_max = UINT64_MAX;
  options.retention_age_max = std::chrono::nanoseconds::max();
  return storage::engine::Engine::open(
      std::move(options), system_file_system(), system_clock(),
      [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
}

}  // namespace

Result<std::unique_ptr<storage::engine::Engine>> open_or_make_store(
    const std::string& data_option) {
  return open_engine({.path = store_path(data_option)});
}

Result<std::unique_ptr<storage::engine::Engine>> open_store(const std::string& data_option) {
  const std::string path = store_path(data_option);
  if (!system_file_system().exists(path + "/FORMAT")) {
    return not_found("there is no store in " + path +
                     "; name its directory with --data, as for `kolben up`");
  }
  return open_engine({.path = path, .segment_bytes = kIdleSegmentBytes});
}

std::uint64_t part_bytes(const storage::engine::Engine& engine) {
  std::uint64_t bytes = 0;
  for (const storage::engine::StoredPart& stored : engine.parts()) bytes += stored.facts.bytes;
  return bytes;
}

Signal signal_of(const std::string& name) {
  if (name == "logs") return Signal::kLogs;
  return name == "metrics" ? Signal::kMetrics : Signal::kTraces;
}

int fail(const char* command, const Status& status) {
  const std::string what(status.message());
  const bool needs_remedy =
      status.code() == StatusCode::kDataLoss && what.find("--repair") == what.npos;
  std::fprintf(stderr, "kolben store %s: %s%s\n", command, what.c_str(),
               needs_remedy ? "; `kolben store check --repair` sets damaged parts aside" : "");
  return 1;
}

int finish(const char* command, storage::engine::Engine& engine, const Status& status) {
  const Status closed = engine.close();
  if (!status.is_ok()) return fail(command, status);
  return closed.is_ok() ? 0 : fail(command, closed);
}

}  // namespace kolben::app
