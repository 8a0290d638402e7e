// kolben store export: everything, as OTLP, in the format of the Collector's file exporter.

#include "storage/engine/export.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/cli/progress.h"
#include "app/store/request_file.h"
#include "app/store/store_commands.h"

namespace kolben::app {
namespace {

struct ExportOptions {
  std::string signal;
  std::string format = "json";
  std::string file;
};

Result<std::uint64_t> write_all(storage::engine::Engine& engine, const ExportOptions& options) {
  const RequestFormat format =
      options.format == "json" ? RequestFormat::kJson : RequestFormat::kProtobuf;
  KOLBEN_TRY(RequestFile file, RequestFile::create(options.file, format));
  KOLBEN_TRY(const storage::engine::Snapshot snapshot, engine.snapshot());
  Progress progress("exporting " + options.signal);
  std::uint64_t items = 0;
  KOLBEN_RETURN_IF_ERROR(storage::engine::export_signal(
      snapshot, signal_of(options.signal), {},
      [&](Batch&& batch, const storage::engine::ExportProgress& now) {
        items += batch.items();
        progress.show(now.rows_done, now.rows_total);
        return file.write(batch);
      }));
  KOLBEN_RETURN_IF_ERROR(file.finish());
  return items;
}

int run_export(const std::string& data, const ExportOptions& options) {
  auto engine = open_store(data);
  if (!engine) return fail("export", engine.error());
  const Result<std::uint64_t> items = write_all(**engine, options);
  if (items) {
    std::fprintf(stderr, "%llu %s exported\n", static_cast<unsigned long long>(*items),
                 std::string(items_name(signal_of(options.signal))).c_str());
  }
  return finish("export", **engine, items.status());
}

}  // namespace

void add_store_export(CLI::App& store, int& exit_code) {
  CLI::App* command = store.add_subcommand("export", "Write a signal as OTLP into a new file");
  const auto data = add_data_option(*command);
  const auto options = std::make_shared<ExportOptions>();
  command->add_option("--format", options->format, "json (one request a line) or protobuf")
      ->check(CLI::IsMember({"json", "protobuf"}));
  command->add_option("signal", options->signal, "traces, logs or metrics")
      ->required()
      ->check(CLI::IsMember({"traces", "logs", "metrics"}));
  command->add_option("file", options->file, "The file, which must not exist; - for stdout")
      ->required();
  command->callback([data, options, &exit_code] { exit_code = run_export(*data, *options); });
}

}  // namespace kolben::app
